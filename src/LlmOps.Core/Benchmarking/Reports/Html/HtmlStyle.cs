namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>The page's look, in light and dark by what the reader's system says.</summary>
internal static class HtmlStyle
{
    /// <summary>Series differ in stroke too, for those who cannot tell hues apart.</summary>
    public const string Css = """
        :root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5a6675;--line:#d9dee6;--grid:#e9ecf1;--accent:#0b62c4;--good:#1a7f4b;--bad:#b3261e;--warn:#8a5a00;--warnbg:#fff6e0;--codebg:#f0f2f6;
        --c0:#0b62c4;--c1:#c8501e;--c2:#0f8a66;--c3:#9a3fa0;--c4:#8a6d00;--c5:#0a8fb3;--c6:#b5325b;--c7:#5b6470}
        @media (prefers-color-scheme:dark){:root{--bg:#11151b;--card:#1a2029;--ink:#e7ecf3;--soft:#a3afbf;--line:#323c4a;--grid:#29323e;--accent:#74b0ff;--good:#5fd39a;--bad:#ff8f86;--warn:#f2c664;--warnbg:#2d2612;--codebg:#121820;
        --c0:#74b0ff;--c1:#ff9a66;--c2:#4fd1a5;--c3:#dd94e3;--c4:#e2c14c;--c5:#56cdec;--c6:#ff8fae;--c7:#aab4c2}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        main{max-width:1180px;margin:0 auto;padding:24px 20px 56px}
        header{margin-bottom:20px}
        h1{font-size:1.75rem;line-height:1.2;margin:0 0 6px;overflow-wrap:anywhere}
        h2{font-size:1.2rem;margin:34px 0 12px}
        h3{font-size:1rem;margin:0 0 8px}
        p{margin:0 0 10px}
        .soft,.sub{color:var(--soft)}
        .sub{overflow-wrap:anywhere;margin:0}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:0;padding:0;list-style:none}
        .tiles .card{padding:12px 16px}
        .tiles b{display:block;font-size:1.55rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
        .tiles small{display:block;color:var(--soft);font-size:.85rem}
        .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:16px}
        figure{margin:0}
        figcaption{font-weight:600;margin-bottom:6px}
        figcaption small{display:block;font-weight:400;color:var(--soft);font-size:.85rem}
        svg{display:block;width:100%;height:auto}
        svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft)}
        svg text.label{fill:var(--ink)}
        line.grid{stroke:var(--grid)}line.axis{stroke:var(--soft)}
        .line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
        .mark{fill:var(--card);stroke:var(--c);stroke-width:2}
        .fill{fill:var(--c);opacity:.12}
        .range{stroke:var(--c);stroke-width:5;opacity:.28}
        .bar{fill:var(--c0)}
        .mark-line{stroke:var(--c1);stroke-width:1.5;stroke-dasharray:4 3}
        .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
        .wait{fill:var(--c7)}.prefill{fill:var(--c4)}.decode{fill:var(--c0)}.failed{fill:var(--bad)}
        .legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0 0;padding:0;list-style:none;font-size:.85rem;color:var(--soft)}
        .legend svg{width:26px;height:8px;display:inline-block;margin-right:6px;vertical-align:middle}
        .legend i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px}
        .scroll{overflow-x:auto}
        .scroll:focus-visible,summary:focus-visible,input:focus-visible+label{outline:3px solid var(--accent);outline-offset:2px;border-radius:6px}
        table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
        th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
        tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
        th{font-weight:600;color:var(--soft)}
        th:first-child{text-align:left}
        tbody th{color:var(--ink)}
        caption{text-align:left;color:var(--soft);padding:0 0 8px;font-size:.9rem}
        pre{background:var(--codebg);border:1px solid var(--line);border-radius:8px;padding:12px 14px;margin:0 0 12px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace}
        code{white-space:nowrap;font:.92em ui-monospace,SFMono-Regular,Consolas,monospace}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .good{color:var(--good)}.bad{color:var(--bad)}
        .notes{border-left:4px solid var(--warn);background:var(--warnbg)}
        .notes ul,.causes{margin:0;padding-left:20px}
        .causes li{margin-bottom:8px}
        details{margin-bottom:10px}summary{cursor:pointer;color:var(--accent)}
        .tabs>input{position:absolute;opacity:0;pointer-events:none}
        .tabs>label{display:inline-block;padding:5px 12px;margin:0 4px 8px 0;border:1px solid var(--line);border-radius:999px;background:var(--card);cursor:pointer;font-size:.9rem;overflow-wrap:anywhere}
        .tabs>input:checked+label{background:var(--accent);border-color:var(--accent);color:var(--card);font-weight:600}
        .tabs>section{display:none}
        .tabs .grid{margin-top:16px}
        footer{margin-top:36px;color:var(--soft);font-size:.85rem}
        @media (max-width:560px){main{padding:16px 12px 40px}.card{padding:12px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}h1{font-size:1.4rem}}
        @media print{body{background:#fff}.tabs>section{display:block!important}.tabs>label{display:none}.card{break-inside:avoid}}
        """;
}
