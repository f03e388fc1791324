//! One page with the picture and the summary, which needs no other file.

use super::Figure;
use super::svg::escape;

/// The page; `svg` is the picture.
pub fn page(figure: &Figure, svg: &str) -> String {
    let title = escape(&figure.title);
    let summary = escape(&figure.summary);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 2rem auto; max-width: 1240px; padding: 0 1rem; font: 15px/1.5 "DejaVu Sans", Verdana, Helvetica, Arial, sans-serif; color: #282c34; background: #fff; }}
svg {{ width: 100%; height: auto; border: 1px solid #e4e7eb; border-radius: 6px; }}
pre {{ overflow-x: auto; padding: 1rem; background: #f6f8fa; border-radius: 6px; font: 13px/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace; }}
</style>
</head>
<body>
<h1 style="font-size: 1.3rem">{title}</h1>
{svg}
<pre>{summary}</pre>
</body>
</html>
"#
    )
}
