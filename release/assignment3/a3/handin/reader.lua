-- Reads pieces of text for the PDF: one line of JSON in, one line of JSON out, until there are no more.
--
--   {"format": "commonmark+…", "text": "…", "formulas": [{"tex": "x^2", "display": false}, …]}
--   {"tree": {pandoc's syntax tree}, "formulas": ["$x^2$", …]}      or {"problem": "…"}
--
-- It decides nothing: what of a tree may be printed is decided by who asked. Reading has an empty list of files, which
-- makes pandoc read in a sandbox: no include, no picture, no frame is fetched.

local function html(text)
  return pandoc.read(text, 'html-native_divs-native_spans', nil, {})
end

local function with_html(doc)
  return doc:walk {
    RawBlock = function(raw)
      return raw.format == 'html' and html(raw.text).blocks or {}
    end,
    RawInline = function(raw)
      if raw.format ~= 'html' then return pandoc.Str(raw.text) end
      if raw.text:match('^<[iI][mM][gG]%f[%W]') then return pandoc.utils.blocks_to_inlines(html(raw.text).blocks) end
    end,
  }
end

local function formula(each)
  local kind = each.display and 'DisplayMath' or 'InlineMath'
  return pandoc.write(pandoc.Pandoc { pandoc.Para { pandoc.Math(kind, each.tex) } }, 'typst')
end

local function answer(line)
  local job = pandoc.json.decode(line, false)
  local doc = with_html(pandoc.read(job.text, job.format, nil, {}))
  local formulas = {}
  for number, each in ipairs(job.formulas) do
    local fine, text = pcall(formula, each)
    formulas[number] = fine and text or ''
  end
  return '{"tree": ' .. pandoc.write(doc, 'json'):gsub('[\r\n]', ' ') .. ', "formulas": '
    .. (#formulas > 0 and pandoc.json.encode(formulas) or '[]') .. '}'
end

io.write('{"version": "' .. tostring(PANDOC_VERSION) .. '"}\n')
io.flush()
for line in io.lines() do
  local fine, text = pcall(answer, line)
  io.write(fine and text or pandoc.json.encode { problem = tostring(text):sub(1, 300) }, '\n')
  io.flush()
end
