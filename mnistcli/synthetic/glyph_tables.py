"""Unicode glyphs that do not look like a digit: letters, numerals and signs of many scripts.

Every table is an allowlist. A glyph was left out if somebody could write a digit like it. That was
decided on contact sheets, which also showed what a trained model predicted for each glyph.
"""

# Left out are, among other look-alikes:
# for 0: rings, with a bar, cross or dot in them too, U, Ո, Ω, α, σ, ס, ٥, θ, φ, Ю (also 10)
# for 1: bars, T, †, Λ, l, ι, ו, ١, ٨, single vertical arrows except ⟰ ⟱, single round brackets
# for 2: ב, ג, Շ, Ձ, Ƨ, ∠, ≥      for 3: З, Э, ვ, ∋, β, ξ      for 4: Y, Ч, Ц, Կ, ע, zigzags
# for 5: S, Б, Ђ, Տ, ნ, ≤          for 6: б, Ь, Ъ, Ե, ط, ل       for 7: Ղ, η, ר, ד, ٦, >, ↗
# for 8: hourglasses, ზ, δ, γ, ☿   for 9: ρ, q, գ, و, ٩, ♀
# Characters that linters mistake for Latin letters are intended.
# ruff: noqa: RUF001, RUF003

COMMON_LETTERS = (
    "ΔΞΠΣΨΧΜΝΚΗΑΕπωκχμελψϖϰϺϻϜ"  # Greek and Coptic
    "ЖШЩЫДИКМНПХЄЉЊжшщыдимнпхљњѤѰҚҢҤҲӔ"  # Cyrillic
    "AEFHKMNPRVWXkmwxv"  # Latin
)
"""Letters that all fonts of `COMMON_FONTS` have."""

COMMON_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold")

LETTERS = (
    "ϢϣϪϫѠѦѨѾҜ"  # Coptic and old Cyrillic
    "אמשתצ"  # Hebrew
    "ﺏﺕﺖﺙﺚﺱﺲﺳﺴﺵﺶﺷﺸﺹﺺﺻﺼﺽﺾﺿﻀﻉﻍﻑﻒﻤ"  # Arabic, joined forms
    "ԲԷԹԽՌաէխտ"  # Armenian
    "ႫႰლღჶⴅⴇⴊⴍⴐⴜⴠ"  # Georgian
    "ກຄຕທນຜຝພຟມສຫໜໝ"  # Lao
    "ߓߘߚߜߝߡ"  # N'Ko
    "ⴹⴼⴽⴿⵅⵇⵉⵌⵍⵎⵛⵝⵞⵟⵠⵣⵥ"  # Tifinagh
    "ᐁᐃᐅᐊᐯᐸᑕᓬᔓᔕᖏᖐ"  # Canadian syllabics
    "ꓘꓤꓯ𐌄𐌇𐌌𐌍𐌎"  # Lisu and Old Italic
    "ʣʤʥʦʧʨʩʪʫʬʭʍƜɱƕʞ"  # phonetic
)
"""Letters of other scripts, in `FONTS`."""

NUMERALS = "٢٣٤٧۲۳۴۷໕໘໙ⅣⅥⅦⅨⅫⅳⅵⅶⅷⅸⅻ"
"""Numerals other than 0 to 9, of other scripts, in `FONTS`: Arabic, Persian, Lao and Roman."""

SIGNS = (
    "€₣₤₥₦₨₩₪₭₰₱₳₹₺₽₢¥£¤"  # currency
    "∀∈∏∑∗√∛∞∡∬∭∯∰∴∵∷∸∹∺∻∼∽≁≂≃≅≈≊≋≍≏≐≑≔≕≖≡≢≣≪≫≭≰⊆⊏⊑⊗⊛⊞⊟⊠⊡⊨⊲⊳⊴⊵⊶⊷⊸⋇⋈⋉⋊⋔⋕⋘⋙⋯±÷×+=%#@*«»"
    "←→↔↖↘↙↞↠↢↣↤↦↫↬↭↮↵⇄⇆⇇⇈⇉⇊⇐⇒⇔⇚⇛⇜⇝⇠⇢⇤⇥⇦⇨⇵⟰⟱⟵⟶⟷⟸⟹⟺"  # arrows
    "⌘⌥⌦⌧⌫⏎△▷◁◫◬◰◱◲◳☆☩☰☱☳♅♆♊♋♍♎♏♒♓♔♕♖♫♬♯⚐⚒⚓⚔⚖⚛"
    "✁✂✈✉✌✍✕✗✡✢✧✩✰✱✲✳❀❃❄❅❆❈❉➔➘➙➝➞➟"  # dingbats
)
"""Signs made of lines, in `FONTS`: currency, operators, arrows and pictograms."""

SOLID_SIGNS = "▣▤▥▦▧▨▩◢◣◤◥◧◨◩◪◭☀☂☃☎☘☚☛☠☢☣♣♨☹☺☻☼★♚♛♜♞♟♠♥♦⚑⚠✎✏✔✖✘✙✚✠✤✦✮✴✶✸✺✽❁❖❝❞❤❥❦❧➤➥➨"
"""Signs with filled areas, in `FONTS`; they have no strokes that a pen could draw."""

FONTS = ("DejaVuSans", "DejaVuSans-Bold")
