"""Arrays to structures: what do the vectors alone tell, and how can they be bent?"""
