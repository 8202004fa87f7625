"""The names of what a node counts, in one place."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """One node's counters, in a registry of their own so that several nodes fit one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.finalized_block = Gauge(
            "assay_finalized_block", "Finalized block last read", registry=self.registry
        )
        self.disputes_open = Gauge(
            "assay_disputes_open", "Rounds this node is working on", registry=self.registry
        )
        self.duty_done = Counter(
            "assay_duty_done", "Rounds that ended, by state", ["state"], registry=self.registry
        )
        self.duty_failed = Counter(
            "assay_duty_failed", "Duties that failed, by reason", ["reason"], registry=self.registry
        )
        self.not_measured = Counter(
            "assay_not_measured",
            "Votes on what could not be measured, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.transactions = Counter(
            "assay_transactions", "Transactions sent, by kind", ["kind"], registry=self.registry
        )
        self.messages_received = Counter(
            "assay_messages_received",
            "Messages from members: accepted, ignored or rejected",
            ["judgement"],
            registry=self.registry,
        )
