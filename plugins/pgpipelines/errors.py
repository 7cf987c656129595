"""What can go wrong, as one small tree.

PipelineError              any of the below: a cause, a remedy, the target unchanged
├── ConfigurationError     pipelines.yaml or a trigger form says something that can't be meant
├── ConnectionFailedError  a server can't be reached or refuses the login
├── MissingObjectError     a table, schema or database does not exist
├── PrivilegeError         the role lacks a privilege; the remedy prints the GRANT
├── DriftError             source and target definitions differ in a way that could lose data
├── ConflictError          another run, a lock, or a constraint of the target stands in the way
│   └── AlreadyRunningError    another run holds the target table
├── ServerError            the server cancelled, restarted, ran out of disk or memory
│   └── RetriableError     what a new attempt, from a new snapshot, can mend: a connection lost, a server that
│                          restarts, a recovery conflict on a replica, a serialization failure, a deadlock
├── VerificationError      source and target differ after the copy; names the keys
├── OverdueError           the newest good dump of a database is too old, or there is none
└── QualityError           so much of what a run read can't be right that its result would mislead
"""

from __future__ import annotations


class PipelineError(Exception):
    """A failure that a person can act on: one line of cause, one of remedy, no secrets."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}\n  Remedy: {remedy}")
        self.cause = cause
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[PipelineError], tuple[str, str]]:
        """Keep cause and remedy apart when the error crosses a process boundary."""
        return type(self), (self.cause, self.remedy)


class ConfigurationError(PipelineError):
    """pipelines.yaml or a trigger form says something that can't be meant."""


class ConnectionFailedError(PipelineError):
    """A server can't be reached or refuses the login."""


class MissingObjectError(PipelineError):
    """A table, schema or database does not exist."""


class PrivilegeError(PipelineError):
    """The role lacks a privilege; the remedy prints the GRANT."""


class DriftError(PipelineError):
    """Source and target definitions differ in a way that could lose data."""


class ConflictError(PipelineError):
    """Another run, a lock, or a constraint of the target stands in the way."""


class AlreadyRunningError(ConflictError):
    """Another run holds the target table."""


class ServerError(PipelineError):
    """The server cancelled, restarted, or ran out of disk or memory."""


class RetriableError(ServerError):
    """A connection lost, a restart, a recovery conflict, a serialization failure, a deadlock: try again from anew."""


class VerificationError(PipelineError):
    """Source and target differ after the copy; names the keys."""


class OverdueError(PipelineError):
    """The newest good dump of a database is too old, or there is none."""


class QualityError(PipelineError):
    """So much of what a run read can't be right that its result would mislead; the last good one stays."""


def one_line(text: str) -> str:
    """Fold a message into one line."""
    return " ".join(text.split())
