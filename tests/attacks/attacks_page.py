# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks on the reader's browser and terminal: scripts, styles, frames and links in outputs, prose and messages.

What runs would write PWNED-42 into the page, or ask this machine's loopback for a picture; no text here holds that word.
"""

from attack import Attack

PWN = "document.documentElement.setAttribute('data-x','PWN'+'ED-'+6*7);document.title='PWN'+'ED-'+6*7"
HTML = (
    f'<script>{PWN}</script><img src=x onerror=\\"{PWN}\\"><svg onload=\\"{PWN}\\"></svg>'
    f"<iframe srcdoc='<script>parent.{PWN}</script>'></iframe><style>*{{display:none}}</style>"
)
PAGE = [
    Attack("outputs", "page", "Shows HTML, SVG, JavaScript, LaTeX, Markdown and widgets as outputs.", cells={"convnet": f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
html = "{HTML}"
for shown in (HTML(html), SVG('''<svg xmlns="http://www.w3.org/2000/svg"><script>{PWN}</script></svg>'''), Javascript("{PWN}"), Latex(html), Markdown(html)):
    display(shown)
for kind in ("text/html", "application/javascript", "application/vnd.jupyter.widget-view+json", "image/png", "image/svg+xml",
             "application/pdf", "text/vnd.mermaid", "image/jpeg"):
    display({{kind: html, "text/plain": "tried"}}, raw=True)
print("tried", html)
"""}),
    Attack("pictures", "page", "Shows pictures that are more than pictures: HTML after the image, text that is not base64.", cells={"convnet": f"""
import base64
from IPython.display import display
dot = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
display({{"image/png": base64.b64encode(dot + b"<script>{PWN}</script>").decode() + '''"><script>{PWN}</script>'''}}, raw=True)
print("tried")
"""}),
    Attack("errors", "page", "Raises an error whose name and text are HTML, which the item's message quotes.", cells={"convnet": f"""
print("tried")
raise type("<script>{PWN}</script>", (Exception,), {{}})("{HTML}")
"""}),
    Attack("names", "page", "Gives layers, parameters and labels names that are HTML, which messages quote.", cells={"convnet": f"""
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        setattr(self, "<script>{PWN}</script>", nn.Linear(7, 7))
        self.size_linear = 3
    def forward(self, x):
        raise ValueError("{HTML}")
ConvNet.__name__ = ConvNet.__qualname__ = "<script>{PWN}</script>"
print("tried")
""", "network_graph": """
class Graph: source = "<script>document.title=1</script>"
graph, net = Graph(), ConvNet()
""", "loss_plot": f"plt.plot([1]); plt.title('<script>x</script>'); plt.show()\nraise ValueError(\"{HTML}\")"}),
    Attack("stopped", "page", "Leaves HTML as the last words of a process that ends, which the flag above the page quotes.", cells={"convnet": f"""
import os
os.write(2, b"{HTML} [x](javascript:alert) \\n")
os._exit(1)
"""}, shows="ended before its time"),
    Attack("prose", "page", "Writes scripts, handlers, frames, forms, styles and links that run code into written answers.", prose={
        "act20": f"<script>{PWN}</script>\n\n<img src=x onerror=\"{PWN}\">\n\n<svg onload=\"{PWN}\">\n\n<iframe srcdoc=\"<script>parent.{PWN}</script>\">"
                 f"</iframe><object data=\"data:text/html,<script>top.{PWN}</script>\"></object><embed src=\"javascript:{PWN}\">",
        "act22": f"[link](javascript:{PWN}) <a href=\"java&#x0A;script:{PWN}\" id=clickme>x</a> <a href=\"data:text/html,<script>{PWN}</script>\">y</a>\n\n"
                 f"<form action=\"javascript:{PWN}\"><button>go</button></form><base href=\"http://127.0.0.1:@PORT@/\">"
                 "<meta http-equiv=refresh content=\"0;url=http://127.0.0.1:@PORT@/\"><link rel=stylesheet href=\"http://127.0.0.1:@PORT@/\">",
        "act24": f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={PWN}&gt;\">\n\n"
                 f"<noscript><p title=\"</noscript><img src=x onerror='{PWN}'>\"></noscript>\n\n<scr<script>ipt>{PWN}</script>\n\n$\\href{{javascript:{PWN}}}{{x}}$\n\n"
                 f"```\"><script>{PWN}</script>\nx\n```\n\n<details open ontoggle=\"{PWN}\">x</details><style>body{{display:none}}</style>",
    }, shows=""),
    Attack("requests", "page", "Writes pictures, styles and frames that would call a machine of the student's when the page is read.",
           holds="The page is read without a request to anybody.", prose={
        "act20": "![x](http://127.0.0.1:@PORT@/a.png) <img src=\"http://127.0.0.1:@PORT@/b.png\"> <img src=\"//127.0.0.1:@PORT@/c.png\">",
        "act22": "<p style=\"background:url(http://127.0.0.1:@PORT@/d)\">x</p><p style=\"cursor:url(http://127.0.0.1:@PORT@/e),auto\">x</p>"
                 "<p style=\"list-style-image:url(http://127.0.0.1:@PORT@/f);border-image:url('http://127.0.0.1:@PORT@/g')\">x</p>",
        "act24": "<table background=\"http://127.0.0.1:@PORT@/h\"><tr><td>x</td></tr></table><video poster=\"http://127.0.0.1:@PORT@/i\" autoplay></video>"
                 "<picture><source srcset=\"http://127.0.0.1:@PORT@/j\"><img src=x></picture><audio src=\"http://127.0.0.1:@PORT@/k\" autoplay></audio>",
    }, shows=""),
    Attack("overlay", "page", "Styles its answer so that it covers the page and looks like its points.", prose={
        "act20": "<div style=\"position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999;background-color:white\">act01: passed, 92 of 92 points</div>",
    }, shows=""),
    Attack("overlay_by_class", "page", "Takes classes of the page's own style sheets that put a text over the whole page.", prose={
        "act20": "<div class=\"modal\" style=\"display:block;background-color:white\"><h1>act01: passed, 92 of 92 points</h1></div>",
        "act22": "<div class=\"navbar-fixed-top\" style=\"background-color:white;height:3000px\">act01: passed, 92 of 92 points</div>",
        "act24": "<a href=\"#\" class=\"modal-backdrop in\">x</a><img class=\"modal-backdrop\" src=\"data:image/png;base64,aa\">",
    }, holds="No text of a student's has a class that moves it.", shows=""),
    Attack("terminal", "page", "Prints, raises and names with escape sequences that command a terminal.", cells={"convnet": """
import sys, os
text = "\\x1b]0;PWNED\\x07\\x1b[2J\\x1b[31m\\x9b31m\\x1bP\\x08\\r"
print("tried" + text)
print(text, file=sys.stderr)
os.write(2, text.encode())
raise type(text, (Exception,), {})(text)
"""}),
    Attack("terminal_of_flags", "page", "Ends with escape sequences as its last words, which a flag quotes.", cells={"convnet": """
import os
os.write(2, b"\\x1b]0;PWNED\\x07\\x1b[2J\\x1b[31m words \\n")
os._exit(1)
"""}, shows="ended before its time"),
    Attack("templates", "page", "Writes what template engines and format strings evaluate.", holds="Nothing that a student wrote is evaluated.",
           cells={"convnet": "print('tried {{ 7 * 6 }} {% include \"x\" %} {0.__class__} %(x)s ${x}')\nraise ValueError('{{ 41 + 1 }} {0} %s [red]')"},
           prose={"act20": "{{ 7 * 6 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %} [[ 7 * 6 ]]"}),
]  # fmt: skip
