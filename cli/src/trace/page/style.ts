/** The look of the page: in light and in dark, in a wide window and on a telephone. */
export const style = `
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#5d6470;--paper:#fff;--line:#e3e6ea;
--statements:#2a78d0;--further:#c77a12;--ends:#7656c2;--connecting:#8b939e}
@media(prefers-color-scheme:dark){:root{--ink:#e4e6e9;--soft:#9aa3af;--paper:#16181c;--line:#31353c;
--statements:#5a9ff0;--further:#e0a04a;--ends:#a78bea;--connecting:#7c8591}}
*{box-sizing:border-box}
body{margin:0 auto;padding:20px;max-width:1200px;font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:20px;margin:0 0 4px}h2{font-size:17px;margin:28px 0 4px}h3{font-size:14px;margin:18px 0 6px}
p{margin:0 0 8px;color:var(--soft)}code{font:12px ui-monospace,monospace;overflow-wrap:anywhere}
ul{margin:8px 0;padding-left:18px}summary{cursor:pointer;color:var(--soft);margin:8px 0}
.legend span{display:inline-block;margin-right:14px;white-space:nowrap}
.legend i{display:inline-block;width:10px;height:10px;margin-right:5px;border-radius:2px}
.panel{border:1px solid var(--line);border-radius:6px;padding:6px 10px;margin:6px 0}
.lane{display:grid;grid-template-columns:minmax(0,320px) minmax(0,1fr);gap:4px 12px;align-items:center;padding:3px 0}
.lane+.lane{border-top:1px solid var(--line)}
.label span{color:var(--soft);font-size:12px}.label code{display:block}
svg{width:100%;height:16px;display:block}
.times>div:last-child{display:flex;justify-content:space-between;font-size:11px;color:var(--soft)}
rect.statements,i.statements{fill:var(--statements);background:var(--statements)}
rect.further,i.further{fill:var(--further);background:var(--further)}
rect.ends,i.ends{fill:var(--ends);background:var(--ends)}
rect.connecting,i.connecting{fill:var(--connecting);background:var(--connecting)}
@media(max-width:640px){body{padding:12px}.lane{grid-template-columns:minmax(0,1fr)}.times .label{display:none}}
`;
