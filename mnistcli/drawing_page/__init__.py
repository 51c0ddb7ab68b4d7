"""Drawing page: draw digits in a browser and see the predictions, from a server or from one file.

`app` defines the routes of the server, `server` runs it on the loopback interface, and
`page_export` writes a page that needs no server. The page itself is in `static/`.
"""
