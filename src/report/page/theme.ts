/** Defines how a report looks: light, dark, on paper, on a phone. Constant text of this package. */

const LIGHT = `--bg:#fff;--panel:#f6f8fa;--ink:#1c2127;--muted:#57606a;--line:#d5dbe1;--link:#1f5fbf;
--good:#17743e;--warn:#9a5b00;--bad:#c4281c;--good-bg:#e3f4e9;--warn-bg:#fdf0d7;--bad-bg:#fde6e3;
--c1:#d8e6f5;--c2:#aecbe9;--c3:#79a9d9;--c4:#4583c2;--c5:#225f9e;--c6:#0d3d72;
--l1:#fde2c4;--l2:#fbc183;--l3:#f09a45;--l4:#d67118;--l5:#a64e0a;--l6:#6e3004;
--written:#79a9d9;--rewritten:#e08a2e;--restated:#b07cc6;--added:#4aa583;--within:#c3cad1;--rule:#8a2be2`;

const DARK = `--bg:#14181d;--panel:#1c2229;--ink:#e4e8ec;--muted:#9aa5b1;--line:#343d47;--link:#7db4f5;
--good:#5cc689;--warn:#e3ac52;--bad:#f2857b;--good-bg:#17331f;--warn-bg:#3a2c10;--bad-bg:#43201c;
--c1:#1a3350;--c2:#214b78;--c3:#2f6ba8;--c4:#4d90d2;--c5:#86baee;--c6:#cbe3fb;
--l1:#3d260f;--l2:#613a13;--l3:#8f541a;--l4:#c5772c;--l5:#efa563;--l6:#ffd8b0;
--written:#4d82ba;--rewritten:#d98a35;--restated:#a577bb;--added:#3f9674;--within:#4a545f;--rule:#c79bff`;

export const STYLES = `
:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:20px;margin:44px 0 6px;padding-top:10px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:26px 0 4px;overflow-wrap:anywhere}
h4{font-size:14px;margin:18px 0 4px}
p{margin:4px 0 10px;max-width:76ch}
a{color:var(--link)}
.muted,figcaption,caption{color:var(--muted)}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--bg);padding:6px 10px;z-index:3}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:12px 0 0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:18px 0 0;padding:0;list-style:none}
.cards li{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.cards b{display:block;font-size:22px;line-height:1.2;font-variant-numeric:tabular-nums}
.cards span{color:var(--muted);font-size:13px}
.badge{display:inline-block;padding:0 8px;border-radius:10px;font-size:13px;white-space:nowrap;border:1px solid transparent}
.good{background:var(--good-bg);color:var(--good)}.warn{background:var(--warn-bg);color:var(--warn)}
.bad{background:var(--bad-bg);color:var(--bad)}.none{background:var(--panel);color:var(--muted);border-color:var(--line)}
.problem{border-left:4px solid var(--bad);background:var(--bad-bg);padding:8px 12px;margin:10px 0;border-radius:0 6px 6px 0;overflow-wrap:anywhere}
.problem p{margin:2px 0;max-width:none}
figure{margin:8px 0 6px}figcaption{font-size:13px;max-width:88ch}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible,summary:focus-visible,a:focus-visible,input:focus-visible{outline:2px solid var(--link);outline-offset:2px}
svg{display:block;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--ink)}svg .m{fill:var(--muted)}svg .e{text-anchor:end}svg .c{text-anchor:middle}svg .b{font-weight:600}
svg .axis,svg .edge{stroke:var(--line);fill:none}svg .plot{fill:var(--panel)}svg .edge{stroke:var(--muted);stroke-width:1.3}
svg .tip{fill:var(--muted)}svg .rule{stroke:var(--rule);stroke-dasharray:5 4;stroke-width:1.4}svg .rt{fill:var(--rule);font-weight:600}
${[1, 2, 3, 4, 5, 6].map((level) => `.c${level}{fill:var(--c${level})}.l${level}{fill:var(--l${level})}`).join('')}
.h-written{fill:var(--written)}.h-rewritten{fill:var(--rewritten)}.h-restated{fill:var(--restated)}.h-added{fill:var(--added)}.h-within{fill:var(--within)}
.node{fill:var(--panel);stroke:var(--line)}.k-good{fill:var(--good)}.k-warn{fill:var(--warn)}.k-bad{fill:var(--bad)}.k-none{fill:var(--muted)}
.reopened{fill:none;stroke:var(--bad);stroke-width:2.5}.s-good{stroke:var(--written)}.s-bad{stroke:var(--bad)}.s-none{stroke:var(--within)}.s-rows{stroke:var(--added)}.s-init{stroke:var(--muted)}.s-load{stroke:var(--c5)}.s-audit{stroke:var(--rewritten)}.s-publish{stroke:var(--restated)}
rect[class^=c]:hover,rect[class^=l]:hover,rect[class^=h-]:hover{stroke:var(--ink)}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13px;color:var(--muted);margin:2px 0 6px;padding:0;list-style:none}
.legend svg{display:inline-block;vertical-align:-1px;margin-right:5px}
table{border-collapse:collapse;font-size:14px;margin:4px 0 8px;min-width:min(100%,420px)}
caption{text-align:left;font-size:13px;padding:2px 0}
th,td{text-align:left;vertical-align:top;padding:4px 14px 4px 0;border-bottom:1px solid var(--line)}
thead th{color:var(--muted);font-weight:500;white-space:nowrap}tbody th{font-weight:500;min-width:min(200px,40vw);overflow-wrap:anywhere}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.w{white-space:nowrap}.o{display:inline-block;min-width:150px;overflow-wrap:anywhere}
details{margin:6px 0}summary{cursor:pointer;overflow-wrap:anywhere}
.process{border:1px solid var(--line);border-radius:8px;padding:0 14px;margin:8px 0}
.process>summary{padding:10px 0;font-weight:600}.process>summary .badge{margin-left:8px;font-weight:400}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:10px 12px;overflow-x:auto;font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;tab-size:2}
code{font:13px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:6px 0}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
input[type=search]{font:inherit;padding:4px 8px;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--ink);width:min(100%,320px)}
#tip{position:absolute;z-index:2;max-width:340px;background:var(--ink);color:var(--bg);padding:6px 10px;border-radius:6px;font-size:13px;white-space:pre-line;pointer-events:none;overflow-wrap:anywhere}
footer{padding:30px 20px 40px;color:var(--muted);font-size:13px}
@media (max-width:600px){header,main,footer{padding-left:14px;padding-right:14px}h2{margin-top:34px}.process{padding:0 10px}dl{grid-template-columns:1fr}dt{margin-top:4px}}
@media print{nav,.skip,input,label{display:none}body{font-size:11pt}.scroll{overflow:visible}svg{max-width:100%;height:auto}h2,h3,h4{break-after:avoid}figure,tr,.cards li{break-inside:avoid}pre{white-space:pre-wrap}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

/**
 * Optional: a tap shows what hovering shows with a pointer, names can be filtered, and folded parts are
 * printed.
 */
export const SCRIPT = `
(function(){
var tip=document.getElementById('tip');
function hide(){tip.hidden=true}
document.addEventListener('click',function(event){
var mark=event.target.closest?event.target.closest('svg rect'):null;
var title=mark&&(mark.querySelector('title')||mark.parentNode.querySelector(':scope>title'));
if(!title){hide();return}
tip.textContent=title.textContent;tip.hidden=false;
var left=Math.min(event.pageX+12,document.documentElement.clientWidth-tip.offsetWidth-8);
tip.style.left=Math.max(8,left)+'px';tip.style.top=(event.pageY+14)+'px';
});
document.addEventListener('keydown',function(event){if(event.key==='Escape')hide()});
function openTarget(){var id=decodeURIComponent(location.hash.slice(1));var found=id&&document.getElementById(id);
if(found&&found.tagName==='DETAILS')found.open=true}
addEventListener('hashchange',openTarget);openTarget();
var filter=document.getElementById('filter');
if(filter){filter.parentNode.hidden=false;filter.addEventListener('input',function(){
document.querySelectorAll('details.process').forEach(function(each){
each.hidden=each.dataset.name.toLowerCase().indexOf(filter.value.toLowerCase())<0})})}
var folded=[];
addEventListener('beforeprint',function(){folded=[].slice.call(document.querySelectorAll('details:not([open])'));
folded.forEach(function(each){each.open=true})});
addEventListener('afterprint',function(){folded.forEach(function(each){each.open=false})});
})();
`;

/**
 * For a page that is served: reloads it when the server says so, and keeps unfolded parts open. Parts are
 * identified by name, since others come and go. `seen`: the state that the page shows.
 */
export const LIVE_SCRIPT = `
(function(){
var key='psyberg-folds';
function nameOf(each){if(each.id)return each.id;var home=each.parentElement.closest('[id]');
return home.id+'/'+[].indexOf.call(home.querySelectorAll('details:not([id])'),each)}
function all(){return [].slice.call(document.querySelectorAll('details'))}
try{var kept=JSON.parse(sessionStorage.getItem(key)||'{}');
all().forEach(function(each){var was=kept[nameOf(each)];if(was!==undefined)each.open=was})}catch(error){}
var seen=encodeURIComponent(document.documentElement.dataset.seen);
new EventSource('changes?seen='+seen).onmessage=function(){
try{all().forEach(function(each){kept[nameOf(each)]=each.open});
sessionStorage.setItem(key,JSON.stringify(kept))}catch(error){}
location.reload()};
})();
`;
