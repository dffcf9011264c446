"""What may be asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MARK, NAME = 64, 200
CLASSES = 1_000
"""Classes whose probabilities may be asked for, labels of a correction, and rows of a search."""

Name = Annotated[str, Field(min_length=1, max_length=NAME)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Items(_Body):
    """Texts to be encoded."""

    items: Annotated[list[str], Field(min_length=1, description="Texts; empty ones are fine.")]


class Asking(Items):
    """Texts to be classified."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": ["My card has not come yet"], "top": 3}]})

    top: Annotated[int, Field(ge=1, le=CLASSES, description="Likeliest classes whose probabilities are told.")] = 5


class Encoding(Items):
    """Texts to be encoded."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": ["My card has not come yet"]}]})

    form: Annotated[
        Literal["numbers", "base64"], Field(description="Lists of numbers, or the bytes of 32-bit floats in base64.")
    ] = "numbers"


class Searching(_Body):
    """What is looked for among the rows of the table that the bundle was made on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "card was stolen", "top": 3}]})

    query: Annotated[str, Field(min_length=1, pattern=r"\S", description="What is looked for.")]
    like: Annotated[list[str], Field(max_length=100, description="Ids of rows to be like.")] = []
    unlike: Annotated[list[str], Field(max_length=100, description="Ids of rows, or texts, not to be like.")] = []
    top: Annotated[int, Field(ge=1, le=CLASSES, description="Rows to find.")] = 10


class Correcting(_Body):
    """The right label of a text."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "My card has not come yet", "label": "card_arrival", "who": "ana"}]}
    )

    text: Annotated[str, Field(min_length=1, pattern=r"\S")]
    label: Annotated[
        str | list[str],
        Field(max_length=CLASSES, description="Name of a class; where a text may have several, a list of names."),
    ]
    who: Annotated[Name, Field(description="Who says so.")] = "feedback"
    request: Annotated[
        str, Field(max_length=MARK, description="Mark of the request: sent twice, it is written once.")
    ] = ""


class Answer(BaseModel):
    """The answer for one text."""

    prediction: str | list[str] | float
    """The class, the labels, or the number."""
    probability: float | list[float] | None = None
    """Calibrated probability of the class, or of each label."""
    probabilities: dict[str, float] | None = None
    """Of the likeliest classes."""
    prediction_set: list[str] | None = None
    """Classes that cannot be ruled out at the promised level."""
    unknown: bool | None = None
    """Whether the text is of none of the classes."""
    low: float | None = None
    high: float | None = None


class Answered(BaseModel):
    """Answers in the order of the items."""

    bundle: str
    recipe: str
    answers: list[Answer]


class Encoded(BaseModel):
    """Vectors in the order of the items."""

    encoder: str
    dimension: int
    vectors: list[list[float]] | list[str]


class Hit(BaseModel):
    """A row that was found."""

    model_config = ConfigDict(extra="allow")

    rank: int
    id: str
    score: float | None
    text: str


class Found(BaseModel):
    """Rows that were found, best first."""

    query: str
    like: list[str]
    unlike: list[str]
    hits: list[Hit]


class Taken(BaseModel):
    """A correction that is on disk."""

    event: int
    """Its number in the journal."""
    id: str
    """Row of the text in the table beside the journal."""


class Refused(BaseModel):
    """Why there is no answer."""

    error: str


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Descriptions of refusals, as an interface's description has them."""
    always = (400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503, 504)
    return {status: {"model": Refused, "description": REASONS[status]} for status in (*always, *statuses)}


REASONS = {
    400: "The body is not JSON.",
    401: "The token is missing or wrong.",
    403: "The call comes from another page.",
    404: "The bundle has nothing to answer from.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The body must be JSON.",
    421: "Another host was asked for.",
    422: "A value is not allowed.",
    429: "Too many requests wait; the header Retry-After says when to come again.",
    500: "A defect; the log has it under the id of the request.",
    503: "The service is stopping, or did not get to the request in time.",
    504: "The answer took too long.",
}
