#pragma once

#include <string_view>

namespace lipsound2::eval {

/// The style sheet of a report: light or dark as the reader's system is, one column on a phone.
/// Text stands out from its background by at least 4.5 to 1.
inline constexpr std::string_view kReportStyle = R"(
:root { color-scheme: light dark; --back: #f4f5f7; --card: #ffffff; --text: #1b1f27; --soft: #566072;
        --line: #d3d8e0; --accent: #2a58a8; --bar: #b9cdf0; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171c; --card: #1c2027; --text: #e6e8ec; --soft: #a3adbd;
          --line: #3a414e; --accent: #8ab0f5; --bar: #35507f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .2rem; }
p { margin: 0 0 .5rem; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
          padding: 1rem; margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: right; white-space: nowrap;
         border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child, .text { text-align: left; }
.text { white-space: normal; min-width: 12rem; }
td.mean { font-weight: 700; }
.note, figcaption { color: var(--soft); }
.clip { border-top: 1px solid var(--line); padding-top: .9rem; margin-top: .9rem; }
.grid { display: grid; gap: 1rem 1.5rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
.grid + .grid { margin-top: 1rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .9rem; }
audio { display: block; width: 100%; height: 2.5rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--text); }
.axis, .line { fill: none; stroke: var(--text); }
.line { stroke-width: 1.5; }
.dashed { stroke-dasharray: 4 3; }
.mark { fill: var(--text); stroke: var(--card); }
.bar { fill: var(--bar); stroke: var(--accent); }
summary { cursor: pointer; }
summary h2 { display: inline; }
details[open] summary { margin-bottom: .75rem; }
pre { margin: 0; overflow-x: auto; font: .85rem/1.45 ui-monospace, Consolas, monospace; }
@media (max-width: 30rem) {
  main { padding: 1rem .75rem 3rem; }
  section { padding: .75rem; }
  th, td { padding: .35rem .4rem; font-size: .9rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
}
@media print { section { break-inside: avoid-page; border: 0; padding: 0; } audio { display: none; } }
)";

}  // namespace lipsound2::eval
