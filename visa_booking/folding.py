"""Templates whose words are looked up once a language instead of at every page.

A page of ours is half made of words that never change: `{% translate "…" %}` between pieces of markup, and addresses of
static files. Django looks each up whenever the page is made. Here neighbours of that kind become one node when a
template is loaded, which keeps its text for each language in which it was shown. Templates are written as always.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.template import Context, Origin
from django.template.base import FilterExpression, Node, NodeList, Template, TextNode, Variable
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language


class Words(Node):
    """Neighbours that say the same on every page of a language."""

    child_nodelists = ()

    def __init__(self, nodes: list[Node]) -> None:
        """`nodes` depend on the language alone."""
        self.nodes = nodes
        self.token = nodes[0].token
        self._texts: dict[tuple[str | None, bool], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """The text, made at the first page of its language."""
        key = (get_language(), context.autoescape)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = SafeString("".join([str(node.render_annotated(context)) for node in self.nodes]))
        return text


def _is_literal(expression: FilterExpression) -> bool:
    value = expression.var
    literal = isinstance(value, str) or (isinstance(value, Variable) and value.lookups is None)
    return literal and not expression.filters


def _is_constant(node: Node) -> bool:
    if type(node) is TranslateNode:
        return node.asvar is None and node.message_context is None and _is_literal(node.filter_expression)
    if type(node) is StaticNode:
        return node.varname is None and _is_literal(node.path)
    return type(node) is TextNode


def _lists(node: Node) -> Iterator[NodeList]:
    """The lists of nodes that a node holds, by whatever name; an `if` has one for each condition."""
    for value in vars(node).values():
        if isinstance(value, NodeList):
            yield value
    for _condition, nodes in getattr(node, "conditions_nodelists", ()):
        yield nodes


def fold(nodes: NodeList) -> None:
    """Put neighbours together, in `nodes` and in all lists below; lists and other nodes stay the same objects."""
    folded: list[Node] = []
    run: list[Node] = []
    for node in [*nodes, None]:
        if node is not None and _is_constant(node):
            run.append(node)
            continue
        # Text alone is at hand already.
        folded += [Words(run)] if any(type(one) is not TextNode for one in run) else run
        run = []
        if node is not None:
            folded.append(node)
            for inner in _lists(node):
                fold(inner)
    nodes[:] = folded


class _Folding(base.Loader):
    """Between Django's memory of templates and the making of one, so that nobody is given one that is half done."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, _Folding):
    """Django's memory of templates, folded as they come in."""
