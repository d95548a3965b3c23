"""
Fifty notebooks that hope to break the PDF, or to get a file into it, and the odd ones that honest tools leave behind.

Each row: a name, and the bytes of the file. ``{canary}`` in a text becomes the path of a file that must stay unread.
"""

# ruff: noqa: E501, Q003 - a row is a notebook, with the quotes that it needs

from __future__ import annotations

import base64
import json
import struct
import zlib

from made import code, error, markdown, notebook, png, shown, stream

READ = '#read("{canary}")'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">%s</svg>'
JPEG = "/9j/4AAQSkZJRgABAQAAAQABAAD/"


def svg(inner: str, before: str = "") -> bytes:
    """Return a notebook with a drawing as its output."""
    return notebook(code("draw()", 1, shown(**{"image_svg+xml": before + SVG % inner})))


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one part of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> str:
    """Return a PNG of a few bytes that says that it is large."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    ).decode()


def raw(**fields) -> bytes:
    """Return a file that is JSON and some kind of notebook."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, **fields}).encode()


ROWS = {
    # Code of Typst, wherever text goes.
    "typst in markdown": notebook(markdown(READ + " #include \"{canary}\" #eval(\"1\") = $ #read(\"{canary}\") $")),
    "typst in a raw block of pandoc": notebook(markdown("```{=typst}\n" + READ + "\n```\n\n`" + READ + "`{=typst}")),
    "typst in attributes": notebook(markdown('<span typst:text:fill=\'read("{canary}")\'>x</span>\n\n[y]{typst:text:size="1pt"}')),
    "typst in attributes of a table": notebook(code("t", 1, shown(text_html='<table typst:stroke=\'read("{canary}")\'><tr><td typst:fill=\'read("{canary}")\'>1</table>'))),
    "typst in code": notebook(code('"' + READ + '"\\") ' + READ + "\n```\n" + READ, 1)),
    "typst in output": notebook(code("p()", 1, stream('") ' + READ + '\\" `' + READ), error('E") ' + READ, READ))),
    "typst in a raw cell": notebook({"cell_type": "raw", "source": "#" + READ, "metadata": {"format": "text/typst"}}),
    "typst in links and titles": notebook(markdown('[x](<https://example.org/")#read("{canary}")>)  [{canary}](#read "t")  <https://example.org/")#x>')),
    "typst in the language of code": notebook(markdown('```py"),read("{canary}")\n1\n```')),
    "typst in formulas": notebook(markdown(r'$\text{" #read("{canary}")}$ $\mathrm{std}.\operatorname{read}("{canary}")$ $\#read("{canary}")$ $#read("{canary}")$ $\\" #x$')),
    "typst in latex output": notebook(code("s", 1, shown(text_latex=r'$$\text{")#read("{canary}")}$$'))),
    "typst in keys and names": raw(cells=[{"cell_type": "markdown", "source": "![](attachment:a\")#x.png)", "attachments": {'a")#x.png': {"image/png": png()}}}]),
    "comments and shebangs of typst": notebook(markdown("/* // */ <label> @ref ~ -- ... \\u{41} $/* $ //$")),
    # Files, by every other way.
    "file picture in markdown": notebook(markdown("![](file://{canary}) ![]({canary}) ![](../canary.txt) ![](canary.png) ![](..\\canary.png)")),
    "file picture in html": notebook(code("h", 1, shown(text_html='<img src="file://{canary}"><img src="canary.png"><table background="{canary}"><tr><td>1</table>'))),
    "frames and includes": notebook(code("h", 1, shown(text_html='<iframe src="{canary}"></iframe><object data="{canary}"></object><embed src="{canary}"><link href="{canary}"><audio src="{canary}">'))),
    "frames in markdown": notebook(markdown('<iframe src="{canary}"></iframe>\n\n<div><iframe src="file://{canary}"></div>\n\nx <iframe src="{canary}"> y')),
    "latex that includes": notebook(markdown("\\input{{canary}}\n\n$\\input{{canary}}$\n\n\\begin{verbatim}\\include{{canary}}\\end{verbatim}\n\n$$\\includegraphics{{canary}}$$")),
    "includes of other markups": notebook(markdown(".. include:: {canary}\n\n!include {canary}\n\n#include \"{canary}\"\n\n{{canary}}\n\n<!-- #include file=\"{canary}\" -->")),
    "svg with a file": svg('<image width="9" height="9" xlink:href="file://{canary}"/><image href="canary.png"/>'),
    "svg with an entity": svg("<text>&x;</text>", '<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{canary}">]>'),
    "svg with a style sheet": svg('<style>@import url("{canary}");</style><rect style="fill:url({canary}#x)" width="9" height="9"/>', '<?xml-stylesheet href="{canary}"?>'),
    "svg with other drawings": svg('<use href="{canary}#a"/><foreignObject><iframe src="{canary}"/></foreignObject><script href="{canary}"/>'),
    "svg that laughs a billion times": svg("".join(f'<g id="a{i}">' + f'<use href="#a{i + 1}"/>' * 10 + "</g>" for i in range(12))),
    "svg with entities that grow": svg("&c;", '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'),
    "svg in a data address": notebook(markdown("![](data:image/svg+xml;base64," + base64.b64encode((SVG % '<image href="{canary}"/>').encode()).decode() + ")")),
    # Too much of something.
    "endless output": notebook(code("while True: print(1)", 1, stream("spam eggs\n" * 300_000))),
    "an endless line": notebook(code("print(x)", 1, stream("x" * 3_000_000))),
    "outputs without end": notebook(code("for", 1, *[shown(text_plain=str(i)) for i in range(5000)])),
    "many cells": notebook(*[code(f"x = {i}", i + 1, stream(f"{i}\n")) for i in range(1500)]),
    "an enormous table": notebook(code("df", 1, shown(text_html="<table>" + "<tr>" + "<td>1</td>" * 60 + "</tr>" + ("<tr>" + "<td>2</td>" * 60 + "</tr>") * 150 + "</table>"))),
    "spans without end": notebook(code("t", 1, shown(text_html='<table><tr><td colspan="100000">1<td rowspan="65534">2<tr><td colspan="-3">3</table>'))),
    "quotes in quotes": notebook(markdown(">" * 800 + " deep")),
    "lists in lists": notebook(markdown("\n".join("  " * i + "- x" for i in range(200)))),
    "brackets in brackets": notebook(markdown("[" * 3000 + "x" + "]" * 3000 + "(" * 2000 + "*_" * 2000)),
    "html in html": notebook(code("h", 1, shown(text_html="<div><b><table><tr><td>" * 1500))),
    "braces in a formula": notebook(markdown("$" + "{" * 1500 + "x" + "}" * 1500 + "$ $" + "\\frac{1}{" * 300 + "2" + "}" * 300 + "$")),
    "a huge picture": notebook(code("p", 1, shown(image_png=bomb(60_000, 60_000)))),
    "a tall picture": notebook(code("p", 1, shown(image_png=png(3, 9000)), shown(image_png=png(9000, 3)))),
    # Broken or odd.
    "bad formulas": notebook(markdown("$\\frac{$ $x^{2$ $$\\begin{align} a &= \\foo{b} \\end{align}$$ $\\left( x$ $a_b_c$ and $y^2$")),
    "broken pictures": notebook(code("p", 1, shown(image_png="AAAA"), shown(image_png=png()[:60]), shown(image_jpeg=JPEG), shown(image_png="ä?")), markdown("![](data:image/png;base64,iVBORw0KGgo=)")),
    "a picture under a wrong name": notebook(code("p", 1, shown(image_jpeg=png()), shown(image_png=base64.b64encode(b"%PDF-1.7 {canary}").decode()))),
    "null bytes and control characters": notebook(markdown("a\0b\x07c\x1b]0;title\x07"), code("x\0 = 1\x0c", 1, stream("\x1b[2J\x1b[31mred\x1b[0m\0\x08\x7f\x9b31m"))),
    "lone surrogates and strange planes": b'{"nbformat":4,"cells":[{"cell_type":"markdown","source":"\\ud800 \\udfff \\ue0001\\ue001 \\uffff \\U"},{"cell_type":"code","source":"\\ud83d","outputs":[]}]}'.replace(b"\\U", b"\xf4\x8f\xbf\xbf"),
    "text that turns around": notebook(markdown("\u202egnp.exe\u2066 x\u2069"), code("if admin\u202e \u2066# x\u2069: pass", 1, stream("\u202eolleh"))),
    "widgets and plots to move": notebook(code("w", 1, shown(**{"application_vnd.jupyter.widget-view+json": {"model_id": "x"}, "text_plain": "W()"}), shown(**{"application_vnd.plotly.v1+json": {"a": 1}, "text_html": "<script>1</script>"}))),
    "wrong types everywhere": raw(cells=[3, None, {"cell_type": 5, "source": 7}, {"cell_type": "code", "source": ["a", 3, None], "outputs": {"a": 1}, "execution_count": "x", "metadata": [1]}, {"cell_type": "markdown", "source": {"a": "b"}, "attachments": [1], "metadata": {"nbgrader": 3}}, {"cell_type": "code", "outputs": [7, {"output_type": "display_data", "data": {"image/png": {"a": 1}, "text/plain": [1, "x"]}}, {"output_type": "error", "traceback": 5}, {"output_type": "stream", "text": None}, {}]}], metadata=7),
    "format 3": json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "level": 99, "source": "H"}, {"cell_type": "code", "input": "1", "prompt_number": 1, "outputs": [{"output_type": "pyout", "png": png(), "text": "x"}, {"output_type": "pyerr", "ename": "E", "evalue": "x", "traceback": ["t"]}]}]}]}).encode(),
    "missing fields": raw(cells=[{}, {"cell_type": "code"}, {"cell_type": "markdown"}, {"cell_type": "code", "outputs": [{"output_type": "execute_result"}]}]),
    "numbers beyond all bounds": b'{"nbformat":1e999,"cells":[{"cell_type":"code","source":"x","execution_count":' + b"9" * 4000 + b',"outputs":[]},{"cell_type":"code","source":"y","execution_count":-1},{"cell_type":"code","source":"z","execution_count":NaN}]}',
    "no cells": raw(cells=[]),
    "no notebook": b"<html>{canary}</html>",
    "nested without end": b'{"cells":[{"cell_type":"code","source":' + b"[" * 5000 + b"]" * 5000 + b"}]}",
}  # fmt: skip
