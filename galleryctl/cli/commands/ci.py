"""`galleryctl ci`: comments, drift issues, pull requests and matrices for GitHub and GitLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import common_options, get_settings

if TYPE_CHECKING:
    from galleryctl.cli.options import CliSettings

_login_option = click.option("--login", metavar="NAME", default="", help="Account of the token, if it cannot be asked.")
_key_option = click.option("--key", default="galleries", show_default=True, help="Name of the comment or issue.")

_outputs_option = click.option("--outputs", metavar="FILE", default="", help="Add the outputs of the job to FILE.")


@click.group("ci")
@common_options
def command() -> None:
    """Report to GitHub and GitLab from a CI job.

    The forge, the repository and the pull request are those of the job. The token is GITHUB_TOKEN or GITLAB_TOKEN.
    """


@command.command("run")
@common_options
@click.argument("name", metavar="plan|apply|drift|accept", type=click.Choice(("plan", "apply", "drift", "accept")))
@click.option("--sites", metavar="NAMES", default="", help="Sites, or all.  [default: the only one]")
@click.option("--targets", metavar="ADDRESSES", default="", help="Limit to these galleries and items.")
@click.option("--guards", metavar="NAMES", default="", help="Safety checks to override, such as allow-empty.")
@click.option("--expect-digest", metavar="DIGESTS", default="", help="Apply only the plans with these review digests.")
@click.option("--fail-on", type=click.Choice(("", "error", "changes", "never")), default="", help="When to fail.")
@click.option("--annotations", type=bool, default=True, show_default=True, help="Show problems at their lines.")
@click.option("--report-dir", metavar="DIR", default="galleryctl-reports", show_default=True, help="Where reports go.")
@_outputs_option
@click.pass_context
def run_on_sites(
    context: click.Context,
    name: str,
    sites: str,
    targets: str,
    guards: str,
    expect_digest: str,
    fail_on: str,
    annotations: bool,
    report_dir: str,
    outputs: str,
) -> int:
    """Run a command on several sites, with reports.

    What the actions for GitHub and the component for GitLab do: plan, apply, drift or drift --accept (accept) on each
    site, the reports in all formats, the outputs, the exit code. An empty value is the default.
    """
    from pathlib import Path

    from galleryctl.cli.main import run as run_command
    from galleryctl.cli.output import require_format
    from galleryctl.cli.run.ci_run import CiCommand, CiRunOptions, FailOn, run_sites

    settings = get_settings(context, unused=("--site",))
    require_format(settings, "text")
    options = CiRunOptions(
        command=CiCommand(name),
        sites=sites,
        targets=targets,
        guards=guards,
        expect_digest=expect_digest,
        fail_on=FailOn(fail_on) if fail_on else None,
        annotations=annotations,
        folder=Path(report_dir),
        outputs=outputs,
    )
    return run_sites(settings, options, run_command)


@command.command("comment")
@common_options
@click.argument("files", metavar="[NAME=]FILE...", nargs=-1, required=True)
@click.option(
    "--mode",
    type=click.Choice(("update", "new", "changes-only", "off")),
    default="update",
    show_default=True,
    help="When to comment.",
)
@_key_option
@click.option("--section", metavar="NAME", default="", help="Name of this leg of a matrix.  [default: the NAMEs]")
@click.option("--drift", is_flag=True, help="The plans are those of `drift`.")
@click.option("--pull-request", type=click.IntRange(1), metavar="N", help="Pull request.  [default: that of the job]")
@_login_option
@_outputs_option
@click.pass_context
def comment(
    context: click.Context,
    files: tuple[str, ...],
    mode: str,
    key: str,
    section: str,
    drift: bool,
    pull_request: int | None,
    login: str,
    outputs: str,
) -> int:
    """Comment on the pull request.

    Each FILE is the output of plan, drift, apply or destroy with --format json, NAME the name of its site. One comment
    is kept up to date, also if several legs of a matrix write at once.
    """
    from galleryctl.cli.run.ci_comment import CommentOptions, comment_results
    from galleryctl.cli.run.ci_job import checked_key, print_ci_result
    from galleryctl.forge.comments import CommentMode

    settings = _settings(context)
    options = CommentOptions(
        mode=CommentMode(mode),
        key=checked_key(key),
        section=section,
        drift=drift,
        pull_request=pull_request,
        login=login,
    )
    return print_ci_result(settings, run_async(comment_results(settings, files, options)), outputs)


@command.command("issue")
@common_options
@click.argument("files", metavar="[NAME=]FILE...", nargs=-1, required=True)
@_key_option
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Label of a new issue. May be repeated.")
@click.option("--max-issues", type=click.IntRange(0), default=10, show_default=True, help="Open at most N in a run.")
@_login_option
@_outputs_option
@click.pass_context
def issue(
    context: click.Context,
    files: tuple[str, ...],
    key: str,
    labels: tuple[str, ...],
    max_issues: int,
    login: str,
    outputs: str,
) -> int:
    """Keep a drift issue for each site.

    Each FILE is the output of drift with --format json, NAME the name of its site. The issue is created, updated when
    the drift changes, reopened, and closed when a successful check finds none.
    """
    from galleryctl.cli.run.ci_issue import IssueOptions, report_drift
    from galleryctl.cli.run.ci_job import checked_key, print_ci_result

    settings = _settings(context)
    options = IssueOptions(key=checked_key(key), labels=labels, max_new=max_issues, login=login)
    return print_ci_result(settings, run_async(report_drift(settings, files, options)), outputs)


@command.command("propose")
@common_options
@click.option("--branch", metavar="NAME", default="", help="Branch to write.  [default: galleryctl/proposal]")
@click.option("--base", metavar="BRANCH", default="", help="Branch to merge into.  [default: that of the job]")
@click.option("--title", default="Take over changes of the site", show_default=True, help="Title and commit message.")
@_outputs_option
@click.pass_context
def propose(context: click.Context, branch: str, base: str, title: str, outputs: str) -> int:
    """Open a pull request with changed manifests.

    The manifests that `drift --accept` or `import` has written become one commit on a branch, and one pull request.
    """
    from galleryctl.cli.run.ci_job import print_ci_result
    from galleryctl.cli.run.ci_propose import ProposeOptions, propose_changes

    settings = _settings(context)
    options = ProposeOptions(branch=branch, base=base, title=title)
    return print_ci_result(settings, run_async(propose_changes(settings, options)), outputs)


@command.command("matrix")
@common_options
@click.option("--since", metavar="REF", help="Only workspaces in which a file has changed since REF.")
@click.option("--for", "forge", type=click.Choice(("github", "gitlab")), help="Forge.  [default: that of the job]")
@click.pass_context
def matrix(context: click.Context, since: str | None, forge: str | None) -> None:
    """Print workspaces and sites as a matrix.

    The JSON is for fromJSON of GitHub, or for parallel:matrix of GitLab.
    """
    from galleryctl.cli import output
    from galleryctl.cli.run.ci_matrix import detected_kind, matrix_json
    from galleryctl.forge.job import ForgeKind

    settings = _settings(context)
    output.result(matrix_json(settings, since=since, kind=ForgeKind(forge) if forge else detected_kind()))


def _settings(context: click.Context) -> CliSettings:
    from galleryctl.cli.run.ci_job import require_ci_format

    settings = get_settings(context, unused=("--site",))
    require_ci_format(settings)
    return settings
