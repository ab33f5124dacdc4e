# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The peer LTTng-UST: a session daemon of our own, without root, with everything it writes in the scratch folder.

pair.c has two tracepoints of its own for it, rather than LTTng's preloaded wrapper of the pthread functions: the
wrapper emits three events a pair (before the lock, after it, after the unlock) and is one more call, so it would make
LTTng look worse than it has to. An event carries what Underlock records, but for the stack, which LTTng-UST cannot
record.

Nothing may be lost, since a tracer that drops events is fast for free: the program waits when the buffers are full
(which is not processor time), and a session that lost something all the same gives no figure.
"""
import os
import re
import shutil
import subprocess
import time

from common import HERE, SETUP, Missing, must, run

PAYLOAD = 20  # bytes of lock, ip and vtid. A session with less than that an event did not record them
NOBODY = 65534
READY_SECONDS = 20


class Session:
    """The daemon, from start to end, and one recording session for each run of the program."""

    def __init__(self, home):
        for tool in ("lttng", "lttng-sessiond"):
            if not shutil.which(tool):
                raise Missing(f"{tool} is not there; {SETUP}")
        self.home = home
        self.env = {"HOME": str(self.home), "LTTNG_HOME": str(self.home)}
        # Root's daemon would live in /run and serve the whole machine. None outlives the benchmark, whatever ends that.
        self.user = ["setpriv", "--pdeathsig", "TERM"]
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)
            self.user += [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.log = open(self.home / "log", "w+", encoding="utf-8", errors="replace")
        self.daemon = subprocess.Popen(self.user + ["lttng-sessiond", "--no-kernel"], env={**os.environ, **self.env},
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def wait_until_ready(self):
        until = time.monotonic() + READY_SECONDS
        while run(self.user + ["lttng", "--no-sessiond", "list"], env=self.env).status:
            if self.daemon.poll() is not None or time.monotonic() > until:
                self.log.seek(0)
                said = self.log.read().strip()
                raise Missing(f"lttng-sessiond does not answer in {self.home}: {said or 'it said nothing'}")
            time.sleep(0.05)

    def command(self, *arguments):
        return must([*self.user, "lttng", "--no-sessiond", *arguments], env=self.env).stdout

    def record(self, program, events):
        """Runs the program under a session of its own; its result, and the bytes that its events take on disk."""
        output = self.home / "recording"
        self.command("create", "bench", f"--output={output}")
        try:
            self.command("enable-channel", "--userspace", "--session=bench", "--subbuf-size=1M", "--num-subbuf=8",
                         "--blocking-timeout=inf", "channel")
            self.command("enable-event", "--userspace", "--session=bench", "--channel=channel", "underlock_bench:*")
            self.command("add-context", "--userspace", "--session=bench", "--channel=channel", "--type=vtid",
                         "--type=ip")
            self.command("start", "bench")
            result = must(self.user + program, env={**self.env, "LTTNG_UST_ALLOW_BLOCKING": "1",
                                                    "LTTNG_UST_REGISTER_TIMEOUT": str(READY_SECONDS * 1000)})
            self.command("stop", "bench")
            size = sum(file.stat().st_size for file in output.rglob("*") if file.is_file())
            listed = self.command("--mi", "xml", "list", "bench")
        finally:
            run([*self.user, "lttng", "--no-sessiond", "destroy", "bench"], env=self.env)
            shutil.rmtree(output, ignore_errors=True)
        lost = re.findall(r"<(?:discarded_events|lost_packets)>(\d+)<", listed)
        if len(lost) != 2 or any(map(int, lost)):
            raise Missing(f"the session lost events or packets: {lost}")
        if size < events * PAYLOAD:
            raise Missing(f"{size} bytes on disk cannot be {events} events: the program did not reach the daemon")
        return result, size

    def close(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.log.close()
