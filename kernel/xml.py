"""XML from outside (ISO 20022): the one door by which it is read (catalogue B09).

No document type, hence no entities and nothing to expand or to fetch; a size and a
depth that the caller and this module bound.  What is refused is never quoted: a
statement or a report is somebody's.
"""

from typing import Any, Final, TypeVar
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from typing_extensions import override
from xsdata.exceptions import ConverterError, ParserError
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.parsers.handlers import XmlEventHandler
from xsdata.formats.dataclass.serializers import XmlSerializer

T = TypeVar("T")

DEEPEST: Final = 64
"""Elements within one another; messages of ISO 20022 stay below twenty."""

_STRICT: Final = ParserConfig(
    fail_on_unknown_properties=True,
    fail_on_unknown_attributes=True,
    fail_on_converter_warnings=True,
)


class XmlError(ValueError):
    """It is not the message it should be; says no more than that."""


def parse_xml(body: bytes, *, at_most: int) -> Element:
    """The document's element.  Raises XmlError, also above ``at_most`` bytes."""
    if len(body) > at_most:
        raise XmlError("a document that is too large")
    parser = XMLParser(target=_Bounded())  # noqa: S314 - see the module
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError, LookupError):
        # `from None`: the parser's text would show what stands there.
        raise XmlError("no document that is read here") from None


def read_message(kind: type[T], body: bytes, *, at_most: int) -> T:
    """A message of ISO 20022 as its class has it: no element more, none less.

    ``kind`` is the class ``Document`` of the message and of its version.  Raises
    XmlError.
    """
    document = parse_xml(body, at_most=at_most)
    if document.tag != f"{{{_namespace(kind)}}}Document":
        raise XmlError("another message, or another version of it")
    parser = XmlParser(config=_STRICT, handler=XmlEventHandler)
    try:
        return parser.parse(document, kind)
    except (ParserError, ConverterError, TypeError, ValueError):
        raise XmlError("no message of that kind") from None


def write_message(message: object) -> bytes:
    """A message of ISO 20022 in UTF-8, its namespace the default one."""
    written = XmlSerializer().render(message, ns_map={None: _namespace(type(message))})
    return written.encode()


def _namespace(kind: Any) -> str:  # noqa: ANN401 - a class made from a schema
    return str(kind.Meta.namespace)


class _Bounded(TreeBuilder):
    """Elements without a document type, and not without end in one another."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise ParseError("a document type")

    @override
    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ParseError("elements without end")
        return super().start(tag, attrs)

    @override
    def end(self, tag: Any, /) -> Element:
        self._depth -= 1
        return super().end(tag)
