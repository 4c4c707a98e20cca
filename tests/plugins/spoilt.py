"""What each rule of the house forbids, done to a plugin that the kit made and that is called ``vandal``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Change = Callable[[str], str]


def spoil(path: Path, change: Change) -> None:
    """Change a file."""
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def instead(old: str, new: str) -> Change:
    """Put ``new`` in the place of ``old``, which must be there."""

    def change(source: str) -> str:
        assert old in source, old
        return source.replace(old, new, 1)

    return change


def after(mark: str, text: str) -> Change:
    """Put ``text`` behind ``mark``, which must be there."""
    return instead(mark, mark + text)


REVISION, TABLE = "migrations/vandal_0001_notes.py", "templates/vandal/notes.html"
OPEN = """
open_api = ApiBlueprint("vandal_open", __name__, url_prefix="/api/v1/vandal", description="Open")


@open_api.route("")
class Open(MethodView):
    @open_api.response(204)
    @public
    def get(self) -> None:
        '''Open'''
"""
NO_WALL = '    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON vandal_note TO banyan_app")\n'
NEW = "    return render_template(NEW, form=BoundForm(NoteInput()))\n\n"
LOAD, GET = "return load(ctx, READ.name, Note, note_id)", "return ctx.session.get_one(Note, note_id)"
ROWS = "    return {NOTES: {row[0]: row[1] for row in rows}}"
DATA = "{{ data_table(view) }}"

SPOILT: dict[str, tuple[tuple[str, Change], ...]] = {
    "imports": (("rules.py", after("timedelta\n", "from banyan.kernel import treepath\n")),),
    "catalogues": (("permissions.py", instead('lazy("Read notes")', 'lazy("Read what was noted")')),),
    "manifest": (("plugin.py", instead("author='某某协会'", "author=''")),),
    "walls": ((REVISION, instead('    scope_table(op, "vandal_note")\n', NO_WALL)),),
    "migrations": ((REVISION, instead('    op.drop_table("vandal_note")', "    pass")),),
    "permissions": (
        ("pages.py", instead("@permission(DELETE.name)\n", '@permission("tenancy.org:read")\n')),
        ("permissions.py", instead('    Binding("org_admin", "vandal.*"),\n', '    Binding("org_admin", "*"),\n')),
    ),
    "off": (
        ("api.py", after('description="Guest")\n', OPEN)),
        ("api.py", instead("permission, respond", "permission, public, respond")),
        ("plugin.py", instead("return (api.api,)", "return (api.api, api.open_api)")),
    ),
    "reach": (("services.py", instead(LOAD, GET)),),
    "answers": (("pages.py", instead(NEW, "    return str(1 // 0)\n\n")),),
    "fuzzing": (("services.py", after("    require(ctx, CREATE.name, ctx.here)\n", "    int(data['text'])\n")),),
    "navigation": (("plugin.py", instead(', "notes", permission=permissions.READ.name),)', ', "notes"),)')),),
    "hooks": (("stats.py", instead(ROWS, "    return rows.nothing")),),
    "people": (
        ("privacy.py", instead('    return {"notes": [', '    return {} and {"notes": [')),
        ("privacy.py", instead("Note.person_id == UUID(gone)", "Note.person_id == UUID(kept)")),
        ("timeline.py", instead('KIND = "vandal.note"', 'KIND = "note"')),
    ),
    "policy": ((TABLE, instead(DATA, f'<p style="color: red">!</p>{DATA}')),),
    "reading": ((TABLE, instead(DATA, f'<img src="/static/seal.svg">{DATA}')),),
}
"""Rule → what breaks it."""
