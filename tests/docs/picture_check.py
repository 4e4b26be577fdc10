"""What the scripts have in common that draw the runs of a page of bugs, each from the page's transcript of it."""
import argparse
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Wrong(Exception):
    pass


def main(doc, name, transcript, draw):
    """docs/NAME.md has transcripts, of which `transcript` finds command and bug; draw(program, command) gives the
    picture of one. It is docs/pictures/NAME/BUG.svg, and the page shows it."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    pictures = ROOT / "docs" / "pictures" / name
    found = {bug: command for command, bug in transcript.findall(page)}
    wrong = [] if found else [f"docs/{name}.md: found no transcript of a seeded bug"]
    for bug, command in found.items():
        path = pictures / f"{bug}.svg"
        try:
            drawn = draw(arguments.program, command)
        except Wrong as error:
            wrong.append(f"{bug}: {error}")
            continue
        if arguments.write:
            pictures.mkdir(parents=True, exist_ok=True)
            path.write_text(drawn, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != drawn:
            wrong.append(f"{path.relative_to(ROOT)} is not what would be drawn; --write mends it")
        if f"](pictures/{name}/{bug}.svg)" not in page:
            wrong.append(f"docs/{name}.md does not show pictures/{name}/{bug}.svg")
    for path in sorted(pictures.glob("*.svg")):
        if path.stem not in found:
            wrong.append(f"{path.relative_to(ROOT)} belongs to no transcript")
    print("\n".join(wrong) if wrong else f"{len(found)} pictures are what would be drawn")
    return 1 if wrong else 0
