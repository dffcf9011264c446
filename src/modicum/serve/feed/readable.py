r"""TeX in titles and abstracts, as far as letters can show it: accents, escaped signs, emphasis, small formulas."""

from __future__ import annotations

import re
import unicodedata

ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
ACCENTS |= {"c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a"}
LETTERS = {
    "ss": "ß",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
}
SIGNS = {"textgreater": ">", "textless": "<", "times": "×", "pm": "±", "leq": "≤", "geq": "≥", "le": "≤", "ge": "≥"}
SIGNS |= {"sim": "~", "approx": "≈", "to": "→", "rightarrow": "→", "infty": "∞", "cdot": "·", "ldots": "…", "dots": "…"}
SIGNS |= {"ell": "ℓ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε"}
SIGNS |= {
    "lambda": "λ",
    "mu": "μ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "theta": "θ",
    "phi": "φ",
    "omega": "ω",
}
RAISED, LOWERED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"), str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_ACCENT = re.compile(r"\\(?:([\'`^\"~=.])\s?|([cvuHkr])(?=\{))\{?\\?([A-Za-z])\}?")
_STYLE = re.compile(r"\\(?:text(?:bf|it|tt|sc|rm|sf|up)|emph|mathrm|mathbf|mathcal|mathbb|underline)\{([^{}]*)\}")
_NAME = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])(?:\{\})?")
_RAISED, _LOWERED = re.compile(r"\^\{?([0-9+\-n]{1,4})\}?"), re.compile(r"_\{?([0-9+\-]{1,4})\}?")
_FORMULA = re.compile(r"\$(?!\s)([^$\n]{1,80})(?<!\s)\$(?!\d)")
"""As pandoc tells formulas from prices."""


def readable(text: str) -> str:
    r"""A text with its TeX written in letters; what letters cannot show stays as it is.

    Example:
        >>> readable(r"Fr\'echet means gain 5\% with $\ell_2$ and PC$^2$, \textbf{fast}")
        'Fréchet means gain 5% with ℓ₂ and PC², fast'
    """
    if "\\" not in text and "$" not in text:
        return text
    text = _FORMULA.sub(_formula, text)
    text = _STYLE.sub(r"\1", text)
    text = _ACCENT.sub(_accent, text)
    text = _NAME.sub(lambda found: LETTERS.get(found[1], found[0]), text)
    return re.sub(r"\\([%&$#_{}])", r"\1", text)


def _accent(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", found[3] + ACCENTS[found[1] or found[2]])


def _formula(found: re.Match[str]) -> str:
    """A formula in letters, without its signs of dollar; as it was, where something of TeX is left."""
    told = _STYLE.sub(r"\1", found[1])
    told = _NAME.sub(lambda name: SIGNS.get(name[1], name[0]), told)
    told = _RAISED.sub(lambda part: part[1].translate(RAISED), told)
    told = _LOWERED.sub(lambda part: part[1].translate(LOWERED), told)
    return found[0] if re.search(r"[\\{}^_]", told) else told
