# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A disk that is full, as far as a command can tell: for subprocess's preexec_fn."""

import resource
import signal


def full_after(size):
    """No file can be written beyond `size` bytes. The signal that says so is blocked: a full disk sends none."""
    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGXFSZ})
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return prepare
