"""The tags and texts of a page: for tests of pages."""

from html.parser import HTMLParser

VOID = {"meta", "img", "input", "wbr", "br"}


class Page(HTMLParser):
    """The tags, attributes and text of a page; raises where tags are not closed in order."""

    def __init__(self, page: str):
        super().__init__()
        self.source = page
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())
