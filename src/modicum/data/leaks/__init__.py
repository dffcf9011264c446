"""Does something give the class away that should not?"""

from modicum.data.leaks.shortcuts import Shortcuts, shortcuts

__all__ = ["Shortcuts", "shortcuts"]
