"""Does something give the class away that should not?"""

from modicum.data.leaks.aflite import aflite, predictability
from modicum.data.leaks.audit import Audit, audit, leaked_rows
from modicum.data.leaks.shortcuts import Shortcuts, shortcuts

__all__ = ["Audit", "Shortcuts", "aflite", "audit", "leaked_rows", "predictability", "shortcuts"]
