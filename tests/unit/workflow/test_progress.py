"""Progress lines of a running workflow, and what of Snakemake's own is hidden."""

import logging

from regspec.workflow import progress
from regspec.workflow.progress import JobProgress, duration


class Event:
    def __init__(self, event, **fields):
        self.event = event
        self.__dict__.update(fields)


def test_progress_counts_done_and_failed_solves(run_folder, capsys):
    """Of a failed job those zones count as done that have their file."""
    members = {"0": (3, 7, 8), "1": (9, 10), "2": (11,)}
    jobs = JobProgress(lambda: 6, lambda scenario, batch: [run_folder.solution(scenario, zone) for zone in members[batch]])
    for batch in members:
        wildcards = {"scenario": "other", "batch": batch}
        jobs.emit(Event("job_info", jobid=1 + int(batch), rule_name="solve", wildcards=wildcards))
    jobs.emit(Event("job_info", jobid=9, rule_name="collect"))
    jobs.emit(Event("job_finished", job_id=2))
    run_folder.solution("other", 7).parent.mkdir(parents=True)
    run_folder.solution("other", 7).write_text("", encoding="utf-8")
    jobs.emit(Event("job_error", jobid=1))
    jobs.emit(Event("job_finished", job_id=9))
    jobs.emit(Event("job_info", jobid=0, rule_name="all"))
    jobs.emit(Event("job_finished", job_id=0))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("regspec: 2 of 6 solves done, about ")
    assert lines[1].startswith("regspec: 3 of 6 solves done, 2 failed, about ")
    assert lines[2].startswith("regspec: collect done") and len(lines) == 3


def test_only_messages_that_the_user_can_do_without_are_hidden():
    command = "RuleException:\nCalledProcessError in file 'x.smk', line 3:\nCommand 'regspec' returned non-zero "
    hidden = ("Select jobs to execute...", "Execute 3 jobs...", command + "exit status 3.", command + "exit status 2.\n")
    shown = ("Nothing to be done", command + "exit status 137.", "MissingInputException in rule data", "Exiting")
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, "", None, None)
    for texts, expected in ((hidden, False), (shown, True)):
        for text in texts:
            record.msg = text
            assert progress._not_noise(record) is expected, text
    record.event = "progress"
    assert not progress._not_noise(record)


def test_durations_are_readable():
    assert [duration(s) for s in (3.2, 89, 91, 3700, 9000)] == ["3 s", "89 s", "2 min", "62 min", "2.5 h"]
