"""What nodes say becomes notes of the report."""

import logging
import threading

from streamfx.engine.remarks import MOST, Remarks

log = logging.getLogger("streamfx.nodes.matting.plate")


def test_warnings_of_nodes_are_kept_once_and_in_order() -> None:
    remarks = Remarks()
    for said in ("the plate is scaled", "another scene", "the plate is scaled"):
        log.warning("%s", said)
    log.info("nothing that matters")
    logging.getLogger("streamfx.engine").warning("not a node")
    remarks.close()
    log.warning("too late")
    assert remarks.lines == ["the plate is scaled", "another scene"]


def test_another_thread_is_another_run() -> None:
    remarks = Remarks()
    thread = threading.Thread(target=log.warning, args=("elsewhere",))
    thread.start()
    thread.join()
    remarks.close()
    assert remarks.lines == []


def test_there_is_an_end_to_them() -> None:
    remarks = Remarks()
    for number in range(3 * MOST):
        log.warning("remark %d", number)
    remarks.close()
    assert len(remarks.lines) == MOST
    assert remarks not in logging.getLogger("streamfx.nodes").handlers
