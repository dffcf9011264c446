"""Which few made-up rows teach a head what all rows would?"""

from modicum.weights.distill.trajectories import Matched, TrajectoryMatching, expert_trajectory, match_trajectories

__all__ = ["Matched", "TrajectoryMatching", "expert_trajectory", "match_trajectories"]
