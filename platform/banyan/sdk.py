"""The only module that plugins import from: everything in `__all__`, and nothing else, is promised to them.

Names are added, never taken away; a golden file in the tests holds them. ``flask``, ``marshmallow``, ``sqlalchemy`` and
``alembic`` are used as they are.
"""

from banyan.api.blueprint import Blueprint as ApiBlueprint
from banyan.api.lists import page_schema, respond
from banyan.api.lists import parameters as list_parameters
from banyan.api.schemas import Schema, Text
from banyan.kernel.access_marks import participant, permission, public, signed_in
from banyan.kernel.clock import SHANGHAI, Clock, today
from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.db.base import Base, Identified, Versioned, c_text, new_id
from banyan.kernel.db.beginnings import begins_with
from banyan.kernel.db.rowsecurity import grant_table, scope_table
from banyan.kernel.db.scoped import Owned, Published, Scoped
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused
from banyan.kernel.errors import Text as Message
from banyan.kernel.events import Event, publish
from banyan.kernel.exports import Exportable
from banyan.kernel.files import DOCUMENT_TYPES, Sniffed, StoredFile, forget, keep, produced, received, sniff
from banyan.kernel.flows import Act, Flow, Heard, Outcome, Piece, State, Step
from banyan.kernel.i18n import _, language, lazy, message, plural, translate
from banyan.kernel.imports import Handout, Importable, ImportRow, Written
from banyan.kernel.jobs import Job, LongTask, Progress, TaskRun, start
from banyan.kernel.runtime import current, inside, path_to, runtime
from banyan.kernel.sending import Letter, Send, Sender, SendingFailed
from banyan.kernel.surveys import SurveyHost
from banyan.kernel.tables import NOW, Column, Filter, Query, Sort, TableDef, day_after, day_start
from banyan.kernel.values import (
    Actor,
    Binding,
    Card,
    Decision,
    Health,
    Metric,
    ModuleManifest,
    NavItem,
    OrgRef,
    OwnTile,
    Permission,
    Role,
    Service,
    SettingDef,
    SettingValue,
    TimelineEntry,
)
from banyan.modules.access.decision import decide, load, may, require, visible
from banyan.modules.accounts.services.cards import AccountCard, account_names, accounts_here, accounts_with
from banyan.modules.approvals.services import find as find_request
from banyan.modules.approvals.services import of_subject as request_of_subject
from banyan.modules.approvals.services import resubmit as resubmit_request
from banyan.modules.approvals.services import submit as submit_request
from banyan.modules.approvals.services import withdraw as withdraw_request
from banyan.modules.approvals.views import request_panel
from banyan.modules.audit.history import history
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.notices.services.send import notify
from banyan.modules.people.audience_forms import AudienceInput, audience_of
from banyan.modules.people.audience_forms import choices as audience_choices
from banyan.modules.people.audience_forms import typed as audience_to_input
from banyan.modules.people.audience_forms import urls as audience_urls
from banyan.modules.people.services.audience import Audience
from banyan.modules.people.services.audience import count as audience_count
from banyan.modules.people.services.audience import describe as audience_described
from banyan.modules.people.services.audience import from_json as audience_from_json
from banyan.modules.people.services.audience import includes as audience_includes
from banyan.modules.people.services.audience import of as audience_members
from banyan.modules.people.services.audience import to_json as audience_to_json
from banyan.modules.people.services.cards import (
    MemberCard,
    member_of_account,
    members_by_id,
    members_called,
    my_records,
)
from banyan.modules.people.services.own import is_member
from banyan.modules.stats.reading import OrgFigures, figures_below, figures_here
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.rules import STATES as SURVEY_STATES
from banyan.modules.surveys.rules import Question as SurveyQuestion
from banyan.modules.surveys.schemas import QuestionBody as SurveyQuestionBody
from banyan.modules.surveys.schemas import survey_answer_form
from banyan.modules.surveys.services import copy_survey, create_survey, survey_answers, survey_problems, surveys_of
from banyan.modules.tasks.downloads import attachment
from banyan.plugins import hookimpl
from banyan.plugins.deprecations import Deprecated, getter
from banyan.plugins.services import module_on, service
from banyan.plugins.settings import setting
from banyan.web import charts
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, TableView, may_see, present

# Names that will be gone. A name leaves the golden file of the tests only together with an API version.
DEPRECATED: dict[str, Deprecated] = {}
__getattr__ = getter(__name__, DEPRECATED)

__all__ = [
    "DOCUMENT_TYPES",
    "NOW",
    "SHANGHAI",
    "SURVEY_STATES",
    "AccountCard",
    "Act",
    "Action",
    "Actor",
    "ApiBlueprint",
    "Audience",
    "AudienceInput",
    "Base",
    "Binding",
    "BoundForm",
    "Card",
    "Clock",
    "Column",
    "Conflict",
    "Context",
    "Decision",
    "DomainError",
    "Event",
    "Exportable",
    "Filter",
    "Flow",
    "Forbidden",
    "Handout",
    "Health",
    "Heard",
    "Identified",
    "ImportRow",
    "Importable",
    "Invalid",
    "Job",
    "Letter",
    "LongTask",
    "MemberCard",
    "Message",
    "Metric",
    "ModuleManifest",
    "NavItem",
    "NotFound",
    "OrgFigures",
    "OrgRef",
    "Outcome",
    "OwnTile",
    "Owned",
    "Permission",
    "Piece",
    "Progress",
    "Published",
    "Query",
    "Refused",
    "Role",
    "Row",
    "Schema",
    "Scoped",
    "ScopedSession",
    "Send",
    "Sender",
    "SendingFailed",
    "Service",
    "SettingDef",
    "SettingValue",
    "Sniffed",
    "Sort",
    "State",
    "Step",
    "StoredFile",
    "Subject",
    "Survey",
    "SurveyHost",
    "SurveyQuestion",
    "SurveyQuestionBody",
    "TableDef",
    "TableView",
    "TaskRun",
    "Text",
    "TimelineEntry",
    "Versioned",
    "Written",
    "_",
    "account_names",
    "accounts_here",
    "accounts_with",
    "attachment",
    "audience_choices",
    "audience_count",
    "audience_described",
    "audience_from_json",
    "audience_includes",
    "audience_members",
    "audience_of",
    "audience_to_input",
    "audience_to_json",
    "audience_urls",
    "begins_with",
    "c_text",
    "changes",
    "charts",
    "copy_survey",
    "count",
    "create_survey",
    "current",
    "day_after",
    "day_start",
    "decide",
    "done",
    "figures_below",
    "figures_here",
    "find_request",
    "forget",
    "grant_table",
    "history",
    "hookimpl",
    "inside",
    "is_member",
    "keep",
    "language",
    "lazy",
    "list_parameters",
    "load",
    "may",
    "may_see",
    "member_of_account",
    "members_by_id",
    "members_called",
    "message",
    "module_on",
    "my_records",
    "new_id",
    "notify",
    "page_schema",
    "participant",
    "path_to",
    "permission",
    "plural",
    "present",
    "produced",
    "public",
    "publish",
    "received",
    "record",
    "request_of_subject",
    "request_panel",
    "require",
    "respond",
    "resubmit_request",
    "runtime",
    "scope_table",
    "service",
    "setting",
    "signed_in",
    "sniff",
    "start",
    "submit",
    "submit_request",
    "survey_answer_form",
    "survey_answers",
    "survey_problems",
    "surveys_of",
    "today",
    "translate",
    "visible",
    "withdraw_request",
]
