"""A market source: the catalog as the answers that devices ask for.

`answer` is a pure function from a site and a request to an answer; the server and the
static export are thin shells around it.
"""

from chartgen.market.answer import Answer, Request, answer
from chartgen.market.site import Site, load_site

__all__ = ["Answer", "Request", "Site", "answer", "load_site"]
