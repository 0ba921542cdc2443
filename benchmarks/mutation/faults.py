"""Small faults that can be put into a module's source, one at a time."""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# What each operator becomes. Names are those of `ast`.
COMPARISONS = {
    "Lt": "LtE", "LtE": "Lt", "Gt": "GtE", "GtE": "Gt", "Eq": "NotEq", "NotEq": "Eq",
    "Is": "IsNot", "IsNot": "Is", "In": "NotIn", "NotIn": "In",
}  # fmt: skip
ARITHMETIC = {
    "Add": "Sub", "Sub": "Add", "Mult": "Div", "Div": "Mult", "FloorDiv": "Mult", "Mod": "Mult",
    "Pow": "Mult", "BitAnd": "BitOr", "BitOr": "BitAnd",
}  # fmt: skip


class Mutant(NamedTuple):
    """A fault in a file.

    Args:
        path: Path of the file, relative to the repository.
        line: Number of the line, from 1.
        last_line: Number of the last line of what is replaced.
        kind: `"comparison"`, `"arithmetic"`, `"constant"`, `"boolean"`, `"off by one"`,
            `"deleted statement"` or `"default"`.
        old: The source text that is replaced.
        new: The text in its place.
        start: Index of its first character in the file.
    """

    path: str
    line: int
    last_line: int
    kind: str
    old: str
    new: str
    start: int

    def applied(self, source: str) -> str:
        """Returns the file's text with the fault in it."""
        end = self.start + len(self.old)
        if source[self.start : end] != self.old:
            raise ValueError(f"The file must be as it was. Received: another {self.path}")
        return source[: self.start] + self.new + source[end:]

    def mutated_line(self, source: str) -> str:
        """Returns the first line that the fault changes, as the fault leaves it."""
        return self.applied(source).splitlines()[self.line - 1].strip()


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Returns every mutant of a file, in the order of their places."""
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    if not source.isascii():  # `ast` counts columns in bytes.
        lines = source.splitlines(keepends=True)
    found = []
    for kind, node, new in _faults(ast.parse(source)):
        line, column, end_line, end_column = (
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset,
        )  # fmt: skip
        if not source.isascii():
            column = len(lines[line - 1].encode()[:column].decode())
            end_column = len(lines[end_line - 1].encode()[:end_column].decode())
        start, end = starts[line - 1] + column, starts[end_line - 1] + end_column
        found.append(Mutant(path, line, end_line, kind, source[start:end], new, start))
    return sorted(set(found), key=lambda mutant: (mutant.start, mutant.kind, mutant.new))


def all_mutants(root: Path, paths: list[str]) -> list[Mutant]:
    """Returns every mutant of some files."""
    return [m for path in paths for m in mutants_of(path, (root / path).read_text("utf-8"))]


def _faults(tree: ast.AST) -> Iterator[tuple[str, ast.AST, str]]:
    """Yields kind, node, and the node's new text."""
    for node in ast.iter_child_nodes(_without_annotations(tree)):
        yield from _faults(node)
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        new = COMPARISONS[type(tree.ops[0]).__name__]
        yield "comparison", tree, _changed(tree, ops=[getattr(ast, new)()])
    elif isinstance(tree, ast.BinOp) and type(tree.op).__name__ in ARITHMETIC:
        if not _is_text(tree):
            new = ARITHMETIC[type(tree.op).__name__]
            yield "arithmetic", tree, _changed(tree, op=getattr(ast, new)())
    elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        yield "boolean", tree, f"({ast.unparse(tree.operand)})"
    elif isinstance(tree, ast.BoolOp):
        other = ast.Or() if isinstance(tree.op, ast.And) else ast.And()
        yield "boolean", tree, _changed(tree, op=other)
    elif isinstance(tree, ast.Constant):
        yield from _faults_of_constant(tree)
    elif isinstance(tree, ast.arguments):
        defaults = [*tree.defaults, *(default for default in tree.kw_defaults if default)]
        for one in defaults:
            if isinstance(one, ast.Constant) and type(one.value) in (bool, int, float):
                for _, _, new in _faults_of_constant(one):
                    yield "default", one, new
    elif _may_be_deleted(tree):
        yield "deleted statement", tree, "pass"


def _faults_of_constant(node: ast.Constant) -> Iterator[tuple[str, ast.AST, str]]:
    if isinstance(node.value, bool):
        yield "boolean", node, str(not node.value)
    elif isinstance(node.value, int):
        yield "off by one", node, str(node.value + 1)
        yield "off by one", node, f"({node.value - 1})"
    elif isinstance(node.value, float):
        yield "constant", node, repr(2 * node.value or 1.0)


def _without_annotations(tree: ast.AST) -> ast.AST:
    """Returns a node without what never runs, and without defaults, which have a kind of theirs."""
    bare = copy.copy(tree)
    for name in ("annotation", "returns"):
        if hasattr(bare, name):
            setattr(bare, name, None)
    if isinstance(bare, ast.arguments):
        constant = lambda one: isinstance(one, ast.Constant)  # noqa: E731
        bare.defaults = [one for one in bare.defaults if not constant(one)]
        bare.kw_defaults = [one for one in bare.kw_defaults if one and not constant(one)]
    return bare


def _is_text(node: ast.BinOp) -> bool:
    """Whether an operator joins strings or types, so that another one fails at once."""
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and not isinstance(side.value, int | float))
        for side in (node.left, node.right)
    )


def _may_be_deleted(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant | ast.Yield | ast.YieldFrom)
    if isinstance(node, ast.Assign):
        return not isinstance(node.targets[0], ast.Name | ast.Tuple)
    return isinstance(node, ast.AugAssign | ast.Raise | ast.Continue | ast.Break)


def _changed(node: ast.expr, **changes: object) -> str:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return f"({ast.unparse(changed)})"
