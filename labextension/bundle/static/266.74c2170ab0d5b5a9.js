"use strict";(self.rspackChunkbugkit_lab=self.rspackChunkbugkit_lab||[]).push([[266],{17(t,r,e){var o=e(18),n=e.n(o),a=e(19),i=e.n(a),u=e(20),p=e.n(u),s=new URL(e(21),e.b),l=i()(n()),c=p()(s);l.push([t.id,`.bugkit-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
}

.bugkit-sheet {
  display: flex;
  flex-direction: column;
  box-sizing: border-box;
  min-width: 400px;
  overflow: hidden auto;
  font-size: var(--jp-ui-font-size1);
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
`,""]),e.d(r,{},{A:l})},19(t){t.exports=function(t){var r=[];return r.toString=function(){return this.map(function(r){var e="",o=void 0!==r[5];return r[4]&&(e+="@supports (".concat(r[4],") {")),r[2]&&(e+="@media ".concat(r[2]," {")),o&&(e+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),e+=t(r),o&&(e+="}"),r[2]&&(e+="}"),r[4]&&(e+="}"),e}).join("")},r.i=function(t,e,o,n,a){"string"==typeof t&&(t=[[null,t,void 0]]);var i={};if(o)for(var u=0;u<this.length;u++){var p=this[u][0];null!=p&&(i[p]=!0)}for(var s=0;s<t.length;s++){var l=[].concat(t[s]);o&&i[l[0]]||(void 0!==a&&(void 0===l[5]||(l[1]="@layer".concat(l[5].length>0?" ".concat(l[5]):""," {").concat(l[1],"}")),l[5]=a),e&&(l[2]&&(l[1]="@media ".concat(l[2]," {").concat(l[1],"}")),l[2]=e),n&&(l[4]?(l[1]="@supports (".concat(l[4],") {").concat(l[1],"}"),l[4]=n):l[4]="".concat(n)),r.push(l))}},r}},20(t){t.exports=function(t,r){return(r||(r={}),t&&(t=String(t.__esModule?t.default:t),/^['"].*['"]$/.test(t)&&(t=t.slice(1,-1)),r.hash&&(t+=r.hash),/["'() \t\n]|(%20)/.test(t)||r.needQuotes))?'"'.concat(t.replace(/"/g,'\\"').replace(/\n/g,"\\n"),'"'):t}},18(t){t.exports=function(t){return t[1]}},10(t,r,e){e.r(r);var o=e(11),n=e.n(o),a=e(12),i=e.n(a),u=e(13),p=e.n(u),s=e(14),l=e.n(s),c=e(15),d=e.n(c),g=e(16),b=e.n(g),f=e(17),v={};v.styleTagTransform=b(),v.setAttributes=l(),v.insert=p().bind(null,"head"),v.domAPI=i(),v.insertStyleElement=d(),n()(f.A,v);let m=f.A&&f.A.locals?f.A.locals:void 0;e.d(r,{},{default:m})},11(t){var r=[];function e(t){for(var e=-1,o=0;o<r.length;o++)if(r[o].identifier===t){e=o;break}return e}function o(t,o){for(var n={},a=[],i=0;i<t.length;i++){var u=t[i],p=o.base?u[0]+o.base:u[0],s=n[p]||0,l="".concat(p," ").concat(s);n[p]=s+1;var c=e(l),d={css:u[1],media:u[2],sourceMap:u[3],supports:u[4],layer:u[5]};if(-1!==c)r[c].references++,r[c].updater(d);else{var g=function(t,r){var e=r.domAPI(r);return e.update(t),function(r){r?(r.css!==t.css||r.media!==t.media||r.sourceMap!==t.sourceMap||r.supports!==t.supports||r.layer!==t.layer)&&e.update(t=r):e.remove()}}(d,o);o.byIndex=i,r.splice(i,0,{identifier:l,updater:g,references:1})}a.push(l)}return a}t.exports=function(t,n){var a=o(t=t||[],n=n||{});return function(t){t=t||[];for(var i=0;i<a.length;i++){var u=e(a[i]);r[u].references--}for(var p=o(t,n),s=0;s<a.length;s++){var l=e(a[s]);0===r[l].references&&(r[l].updater(),r.splice(l,1))}a=p}}},13(t){var r={};t.exports=function(t,e){var o=function(t){if(void 0===r[t]){var e=document.querySelector(t);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(t){e=null}r[t]=e}return r[t]}(t);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(e)}},15(t){t.exports=function(t){var r=document.createElement("style");return t.setAttributes(r,t.attributes),t.insert(r,t.options),r}},14(t,r,e){t.exports=function(t){var r=e.nc;r&&t.setAttribute("nonce",r)}},12(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=t.insertStyleElement(t);return{update:function(e){var o,n,a;o="",e.supports&&(o+="@supports (".concat(e.supports,") {")),e.media&&(o+="@media ".concat(e.media," {")),(n=void 0!==e.layer)&&(o+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),o+=e.css,n&&(o+="}"),e.media&&(o+="}"),e.supports&&(o+="}"),(a=e.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),t.styleTagTransform(o,r,t.options)},remove:function(){var t;null===(t=r).parentNode||t.parentNode.removeChild(t)}}}},16(t){t.exports=function(t,r){if(r.styleSheet)r.styleSheet.cssText=t;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(t))}}},21(t){t.exports="data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27 viewBox=%270 0 16 16%27%3E%3Cpath d=%27M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7zm2 0h4V5a2 2 0 0 0-4 0z%27/%3E%3C/svg%3E"}}]);