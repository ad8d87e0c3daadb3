"""One sentence in ten languages; own translations, Apache-2.0."""

SENTENCES = [
    "The committee will publish its findings before the end of the month.",
    "Le comité publiera ses conclusions avant la fin du mois prochain.",
    "Der Ausschuss wird seine Ergebnisse vor Ende des Monats veröffentlichen.",
    "El comité publicará sus conclusiones antes de que termine el mes.",
    "Komisja opublikuje swoje ustalenia przed końcem tego miesiąca.",
    "Komise zveřejní svá zjištění do konce tohoto měsíce.",
    "Комитет опубликует свои выводы до конца этого месяца.",
    "Komiteen vil offentliggøre sine konklusioner inden udgangen af måneden.",
    "委員會將在月底之前公布調查結果。",
    "A bizottság a hónap vége előtt közzéteszi megállapításait.",
]
