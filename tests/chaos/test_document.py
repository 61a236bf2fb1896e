"""What a document keeps of the runs that were reported into it."""

from pathlib import Path

from tests.chaos.document import BEGIN, END, HEAD, add


def test_each_run_has_a_line_and_each_database_its_last_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\nBefore.\n\n{BEGIN}\n{END}\n\nAfter.\n")
    for number, database in enumerate(("postgresql", "sqlite", "postgresql")):
        add(
            page,
            (f"2026-11-2{number}", database, "7"),
            database,
            f"| table {number} |\n| --- |\n| {database} |",
        )
    text = page.read_text()
    assert text.startswith("# Page\n\nBefore.\n")
    assert text.endswith("\n\nAfter.\n")
    assert [line for line in text.splitlines() if line.startswith("| 2026")] == [
        "| 2026-11-20 | postgresql | 7 |",
        "| 2026-11-21 | sqlite | 7 |",
        "| 2026-11-22 | postgresql | 7 |",
    ]
    assert text.count(HEAD[0]) == text.count(BEGIN) == text.count(END) == 1
    assert [number for number in range(3) if f"table {number}" in text] == [1, 2]
