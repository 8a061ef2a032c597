/** Style of `/docs`; its hash is in the page's content security policy. */
export const DOCS_STYLE = `
:root{--bg:#fff;--fg:#1b2733;--dim:#566573;--line:#d9e0e6;--card:#f6f8fa;--accent:#0b6bb8}
@media (prefers-color-scheme:dark){:root{--bg:#10171e;--fg:#e3e9ee;--dim:#9badbb;--line:#2b3742;--card:#18222b;--accent:#63b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--bg);color:var(--fg);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}h1 small{color:var(--dim);font-weight:400;font-size:1rem}
h2{margin:2rem 0 .5rem;font-size:1.2rem}h3{margin:1rem 0 .25rem;font-size:1rem}
a{color:var(--accent)}
section,details{scroll-margin-top:3.5rem}
nav{position:sticky;top:0;padding:.5rem 0;background:var(--bg);border-bottom:1px solid var(--line)}
nav a{display:inline-block;padding:.35rem .75rem .35rem 0}
code{font:.9em/1.4 ui-monospace,monospace}
details{margin:.5rem 0;padding:.25rem .9rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
summary{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .6rem;padding:.5rem 0;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"";flex:none;align-self:flex-start;margin-top:.5rem;border:.3rem solid transparent;border-left-color:var(--dim);border-right:0}
details[open]>summary::before{transform:rotate(90deg)}
summary code{min-width:9rem;font-weight:600}
summary span{flex:1 1 16rem;color:var(--dim)}
summary em{flex:none;padding:0 .5rem;border:1px solid var(--line);border-radius:1rem;color:var(--dim);font:.75rem/1.5 system-ui,sans-serif}
summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
summary b{min-width:2.6rem;font:700 .8rem/1 ui-monospace,monospace}
.get{color:#14805e}.post{color:#a8560b}
@media (prefers-color-scheme:dark){.get{color:#4fd1a5}.post{color:#f5a85a}}
i{color:var(--dim);font-style:normal;font-size:.9em}
ul{margin:.25rem 0 .5rem;padding-left:1.1rem}
pre{margin:.5rem 0;padding:.6rem .8rem;background:var(--bg);border:1px solid var(--line);border-radius:.4rem;overflow-x:auto;overflow-wrap:normal;font:.85rem/1.45 ui-monospace,monospace}
.example{margin:.25rem 0;padding:0;border:0}.example summary{padding:.2rem 0;gap:.4rem;color:var(--accent);font-size:.9rem}
`;
