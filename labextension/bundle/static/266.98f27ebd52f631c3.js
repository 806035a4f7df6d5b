"use strict";(self.rspackChunkbugkit_lab=self.rspackChunkbugkit_lab||[]).push([[266],{17(t,e,r){var o=r(18),n=r.n(o),i=r(19),a=r.n(i),u=r(20),l=r.n(u),p=new URL(r(21),r.b),s=a()(n()),c=l()(p);s.push([t.id,`.bugkit-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
}

.bugkit-sheet {
  display: flex;
  flex-direction: column;
  box-sizing: border-box;
  min-width: min(400px, 45vw); /* in a narrow window the notebook stays usable */
  overflow: hidden auto;
  font-size: var(--jp-ui-font-size1);
}

/* Notebook 7 does not widen its side for what is in it. */
[data-notebook] .bugkit-sheet {
  min-width: 0;
}

.bugkit-sheet.lm-mod-hidden,
.bugkit-sheet [hidden] {
  display: none;
}

.bugkit-title {
  margin: 16px 14px 0;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
}

.bugkit-id {
  margin-right: 6px;
  color: var(--jp-ui-font-color2);
  font-weight: 400;
}

.bugkit-bar {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 8px 12px;
  margin: 12px 14px 0;
}

.bugkit-main.jp-mod-styled {
  display: inline-flex;
  align-items: center;
  gap: 4px;
  min-width: 84px;
  padding: 0 14px 0 10px;
  justify-content: center;
}

.bugkit-main svg {
  display: block;
}

.bugkit-main svg [fill]:not([fill='none']) {
  fill: currentcolor;
}

.bugkit-toolbar svg + .jp-ToolbarButtonComponent-label,
.bugkit-toolbar .jp-ToolbarButtonComponent-label {
  margin-left: 2px;
}

.bugkit-others {
  display: flex;
  gap: 4px;
  margin-left: auto;
}

.bugkit-button:not(.bugkit-main) {
  padding: 4px 8px;
  border: 0;
  border-radius: var(--jp-border-radius);
  background: none;
  color: var(--jp-ui-font-color1);
  font: inherit;
  cursor: pointer;
}

.bugkit-button:not(.bugkit-main):hover:enabled {
  background: var(--jp-layout-color2);
}

.bugkit-button:not(.bugkit-main):disabled {
  color: var(--jp-ui-font-color3);
  cursor: default;
}

.bugkit-button[aria-pressed='true'] {
  background: var(--jp-layout-color2);
}

.bugkit-button:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.bugkit-state {
  margin: 6px 14px 8px;
  color: var(--jp-ui-font-color2);
}

.bugkit-state.bugkit-spoken {
  position: absolute;
  overflow: hidden;
  width: 1px;
  height: 1px;
  margin: 0;
  clip-path: inset(50%);
}

.bugkit-runs {
  margin: 4px 14px 10px;
  padding: 0;
  list-style: none;
}

.bugkit-runs:empty,
.bugkit-trouble:empty {
  display: none;
}

.bugkit-runs li {
  display: flex;
  align-items: center;
  gap: 10px;
  height: 24px;
  font-variant-numeric: tabular-nums;
}

.bugkit-runs progress {
  flex: 1;
  min-width: 0;
  height: 6px;
  border: 0;
  border-radius: 3px;
  background: var(--jp-layout-color2);
  overflow: hidden;
  appearance: none;
  accent-color: var(--bugkit-run);
}

.bugkit-runs li {
  --bugkit-run: var(--jp-brand-color1);
}

.bugkit-runs li[data-outcome='passed'] {
  --bugkit-run: var(--jp-success-color1);
}

.bugkit-runs li[data-outcome='failed'] {
  --bugkit-run: var(--jp-error-color1);
}

.bugkit-runs li[data-outcome='error'] {
  --bugkit-run: var(--jp-warn-color1);
}

.bugkit-runs progress::-webkit-progress-bar {
  background: var(--jp-layout-color2);
}

.bugkit-runs progress::-webkit-progress-value {
  border-radius: 3px;
  background: var(--bugkit-run);
}

.bugkit-runs progress::-moz-progress-bar {
  background: var(--bugkit-run);
}

.bugkit-place {
  width: 9em;
  overflow: hidden;
  color: var(--jp-ui-font-color2);
  text-align: right;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.bugkit-trouble {
  margin: 0 14px 10px;
  overflow-wrap: anywhere;
}

.bugkit-trouble p {
  margin: 4px 0;
}

.bugkit-trouble pre {
  margin: 4px 0;
  font-family: var(--jp-code-font-family);
  white-space: pre-wrap;
}

.bugkit-what {
  font-weight: 600;
}

.bugkit-frame {
  flex: 1;
  box-sizing: border-box;
  min-height: 240px;
  width: 100%;
  margin-top: 12px;
  border: 0;
  border-top: 1px solid var(--jp-border-color2);
  background: var(--jp-layout-color1);
}

.bugkit-locked .jp-InputArea {
  position: relative;
}

.bugkit-locked .jp-InputArea-editor {
  border-color: transparent;
  background: repeating-linear-gradient(
    135deg,
    color-mix(in srgb, var(--jp-layout-color3) 24%, transparent) 0 1px,
    transparent 1px 8px
  );
}

.bugkit-locked .jp-InputArea::after {
  content: '';
  position: absolute;
  top: 8px;
  right: 10px;
  width: 14px;
  height: 14px;
  background: var(--jp-ui-font-color2);
  mask: url(${c}) center / contain no-repeat;
  pointer-events: none;
}

.bugkit-sealed .jp-InputArea-editor {
  opacity: 0.45;
}

.bugkit-clock {
  flex: 1;
  font-size: 26px;
  font-variant-numeric: tabular-nums;
  font-weight: 600;
}

.bugkit-clock[data-condition='paused'] {
  color: var(--jp-content-font-color3);
}

.bugkit-clock[data-condition='over'] {
  color: var(--jp-error-color0);
}

.bugkit-form {
  display: flex;
  flex-direction: column;
  gap: 6px;
  padding: 4px 14px;
}

.bugkit-field {
  display: flex;
  flex-direction: column;
  color: var(--jp-content-font-color2);
  font-size: var(--jp-ui-font-size1);
}

.bugkit-form .bugkit-main {
  align-self: flex-start;
}

.bugkit-note {
  flex: 1;
  min-width: 0;
}

.bugkit-log {
  margin: 8px 14px;
  padding: 0;
  font-size: var(--jp-ui-font-size1);
  list-style: none;
}

.bugkit-minute {
  color: var(--jp-content-font-color2);
  font-variant-numeric: tabular-nums;
}
`,""]),r.d(e,{},{A:s})},19(t){t.exports=function(t){var e=[];return e.toString=function(){return this.map(function(e){var r="",o=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),o&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=t(e),o&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(t,r,o,n,i){"string"==typeof t&&(t=[[null,t,void 0]]);var a={};if(o)for(var u=0;u<this.length;u++){var l=this[u][0];null!=l&&(a[l]=!0)}for(var p=0;p<t.length;p++){var s=[].concat(t[p]);o&&a[s[0]]||(void 0!==i&&(void 0===s[5]||(s[1]="@layer".concat(s[5].length>0?" ".concat(s[5]):""," {").concat(s[1],"}")),s[5]=i),r&&(s[2]&&(s[1]="@media ".concat(s[2]," {").concat(s[1],"}")),s[2]=r),n&&(s[4]?(s[1]="@supports (".concat(s[4],") {").concat(s[1],"}"),s[4]=n):s[4]="".concat(n)),e.push(s))}},e}},20(t){t.exports=function(t,e){return(e||(e={}),t&&(t=String(t.__esModule?t.default:t),/^['"].*['"]$/.test(t)&&(t=t.slice(1,-1)),e.hash&&(t+=e.hash),/["'() \t\n]|(%20)/.test(t)||e.needQuotes))?'"'.concat(t.replace(/"/g,'\\"').replace(/\n/g,"\\n"),'"'):t}},18(t){t.exports=function(t){return t[1]}},10(t,e,r){r.r(e);var o=r(11),n=r.n(o),i=r(12),a=r.n(i),u=r(13),l=r.n(u),p=r(14),s=r.n(p),c=r(15),d=r.n(c),g=r(16),b=r.n(g),f=r(17),v={};v.styleTagTransform=b(),v.setAttributes=s(),v.insert=l().bind(null,"head"),v.domAPI=a(),v.insertStyleElement=d(),n()(f.A,v);let m=f.A&&f.A.locals?f.A.locals:void 0;r.d(e,{},{default:m})},11(t){var e=[];function r(t){for(var r=-1,o=0;o<e.length;o++)if(e[o].identifier===t){r=o;break}return r}function o(t,o){for(var n={},i=[],a=0;a<t.length;a++){var u=t[a],l=o.base?u[0]+o.base:u[0],p=n[l]||0,s="".concat(l," ").concat(p);n[l]=p+1;var c=r(s),d={css:u[1],media:u[2],sourceMap:u[3],supports:u[4],layer:u[5]};if(-1!==c)e[c].references++,e[c].updater(d);else{var g=function(t,e){var r=e.domAPI(e);return r.update(t),function(e){e?(e.css!==t.css||e.media!==t.media||e.sourceMap!==t.sourceMap||e.supports!==t.supports||e.layer!==t.layer)&&r.update(t=e):r.remove()}}(d,o);o.byIndex=a,e.splice(a,0,{identifier:s,updater:g,references:1})}i.push(s)}return i}t.exports=function(t,n){var i=o(t=t||[],n=n||{});return function(t){t=t||[];for(var a=0;a<i.length;a++){var u=r(i[a]);e[u].references--}for(var l=o(t,n),p=0;p<i.length;p++){var s=r(i[p]);0===e[s].references&&(e[s].updater(),e.splice(s,1))}i=l}}},13(t){var e={};t.exports=function(t,r){var o=function(t){if(void 0===e[t]){var r=document.querySelector(t);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(t){r=null}e[t]=r}return e[t]}(t);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(r)}},15(t){t.exports=function(t){var e=document.createElement("style");return t.setAttributes(e,t.attributes),t.insert(e,t.options),e}},14(t,e,r){t.exports=function(t){var e=r.nc;e&&t.setAttribute("nonce",e)}},12(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=t.insertStyleElement(t);return{update:function(r){var o,n,i;o="",r.supports&&(o+="@supports (".concat(r.supports,") {")),r.media&&(o+="@media ".concat(r.media," {")),(n=void 0!==r.layer)&&(o+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),o+=r.css,n&&(o+="}"),r.media&&(o+="}"),r.supports&&(o+="}"),(i=r.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(i))))," */")),t.styleTagTransform(o,e,t.options)},remove:function(){var t;null===(t=e).parentNode||t.parentNode.removeChild(t)}}}},16(t){t.exports=function(t,e){if(e.styleSheet)e.styleSheet.cssText=t;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(t))}}},21(t){t.exports="data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27 viewBox=%270 0 16 16%27%3E%3Cpath d=%27M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7zm2 0h4V5a2 2 0 0 0-4 0z%27/%3E%3C/svg%3E"}}]);