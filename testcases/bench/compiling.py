# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part `compile`: what building costs: processor time against plain Clang, and the size of what comes out.

The sources are made here: a few hundred functions, of locks in C and of guards in C++. One row compiles nothing, and so
shows what loading the plugin and its model costs for every file.
"""
import string

from common import Missing, die, interleaved, must, progress, spread, summary, table

LINKED = 20  # objects of a link, with a tenth of the functions in each
BASE = "plain"

C = ("""#include <pthread.h>
struct queue { pthread_mutex_t lock; pthread_rwlock_t map; long jobs, done; struct queue *next; };
struct device { long id; struct queue queue; pthread_spinlock_t registers; pthread_mutex_t *parent; };
long hash_$unit(long a, long b) { return a * 31 + b; }
pthread_mutex_t table_lock_$unit = PTHREAD_MUTEX_INITIALIZER;
""", """
long work_${unit}_$n(struct device *d, struct queue *q, long x)
{
	long i, sum = x;

	pthread_mutex_lock(&d->queue.lock);
	if (d->queue.jobs == $n) {
		pthread_mutex_unlock(&d->queue.lock);
		return -1;
	}
	for (i = 0; i < d->queue.jobs; i++) {
		if (pthread_mutex_trylock(&q->lock))
			continue;
		sum = hash_$unit(sum, q->done++ + $n);
		pthread_mutex_unlock(&q->lock);
	}
	pthread_rwlock_rdlock(&d->queue.map);
	for (; q && q->jobs > sum; q = q->next)
		sum += hash_$unit(q->jobs, $n);
	pthread_rwlock_unlock(&d->queue.map);
	pthread_mutex_unlock(&d->queue.lock);
	pthread_spin_lock(&d->registers);
	d->id = hash_$unit(d->id, sum);
	pthread_spin_unlock(&d->registers);
	pthread_mutex_lock(d->parent);
	pthread_mutex_lock(&table_lock_$unit);
	d->queue.done += sum & 15;
	pthread_mutex_unlock(&table_lock_$unit);
	pthread_mutex_unlock(d->parent);
	return sum;
}
""")
CXX = ("""#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
struct Ledger { std::mutex Lock; std::shared_mutex Limits; std::map<std::string, long> Entries; };
struct Account { std::mutex Lock; std::recursive_mutex History; Ledger *Book; long Sum = 0; };
""", """
long work_${unit}_$n(Account &A, Ledger &L, const std::string &Name) {
  std::lock_guard<std::mutex> Guard(A.Lock);
  if (A.Sum == $n)
    return -1;
  {
    std::shared_lock Limits(L.Limits);
    if (auto At = L.Entries.find(Name); At != L.Entries.end())
      A.Sum += At->second;
  }
  std::unique_lock<std::mutex> Entry(A.Book->Lock, std::defer_lock);
  if (A.Sum > $n && Entry.try_lock())
    A.Book->Entries[Name + "$n"] += A.Sum;
  std::scoped_lock Both(A.History, L.Lock);
  L.Entries.erase(Name);
  return A.Sum;
}
""")


def write(file, language, functions, unit="unit"):
    head, function = (string.Template(text) for text in language)
    texts = [head.substitute(unit=unit)] + [function.substitute(unit=unit, n=n) for n in range(functions)]
    file.write_text("".join(texts), encoding="utf-8")
    return file


def jobs(functions, folder):
    """The compilations, {row: (driver, arguments before -o)}."""
    c = write(folder / "locks.c", C, functions)
    cxx = write(folder / "guards.cpp", CXX, functions)
    empty = write(folder / "empty.c", ("", ""), 0)
    return {"C, an empty file, -O2": ("cc", ["-O2", "-c", empty]),
            f"C, {functions} functions, -O0": ("cc", ["-O0", "-c", c]),
            f"C, {functions} functions, -O2": ("cc", ["-O2", "-c", c]),
            f"C++, {functions} functions, -O2": ("c++", ["-O2", "-std=c++17", "-c", cxx])}


def objects(command, functions, folder):
    """The objects of a link, made by the peer that links them; one has main()."""
    folder.mkdir()
    main = folder / "main.c"
    main.write_text("int main(void) { return 0; }\n", encoding="utf-8")
    sources = [main] + [write(folder / f"u{n}.c", C, max(1, functions // 10), f"u{n}") for n in range(LINKED - 1)]
    for file in sources:
        must([*command, "-O2", "-g", "-pthread", "-c", file, "-o", file.with_suffix(".o")])
    return [file.with_suffix(".o") for file in sources]


def build(command, output):
    """Processor seconds of one command, and the size of what it made."""
    result = must([*command, "-g", "-pthread", "-o", output])
    return result.processor, output.stat().st_size


def measure(given, folder):
    clang = {"cc": ["clang-19"], "c++": ["clang++-19"]}
    peers = {BASE: clang, "Underlock": {driver: [given.underlock, driver] for driver in clang},
             "ThreadSanitizer": {driver: [*command, "-fsanitize=thread"] for driver, command in clang.items()}}
    linked, missing = {}, {}
    for name, command in peers.items():
        try:
            linked[name] = objects(command["cc"], given.functions, folder / name)
        except Missing as reason:
            if name != "ThreadSanitizer":
                die(f"{name}: {reason}")
            missing[name] = str(reason)
            progress(f"{name} is missing: {reason}")
    rows = []
    work = {row: {name: [*peers[name][driver], *arguments] for name in linked}
            for row, (driver, arguments) in jobs(given.functions, folder).items()}
    work[f"link, {LINKED} objects"] = {name: [*peers[name]["cc"], *files] for name, files in linked.items()}
    for row, commands in work.items():
        tasks = {name: lambda command=command: build(command, folder / "out") for name, command in commands.items()}
        seen, gone = interleaved(given.rounds, row, tasks, [BASE, "Underlock"])
        base = seen[BASE]
        rows.append({"what": row, "missing": {**missing, **gone}, "peers": {name: {
            "processor seconds": summary([seconds for seconds, _ in runs], 4),
            "times plain": summary([mine / plain for (mine, _), (plain, _) in zip(runs, base)]),
            "bytes": runs[0][1], "bytes, times plain": round(runs[0][1] / base[0][1], 2)}
            for name, runs in seen.items()}})
    show(rows)
    return {"rows": rows}


def show(rows):
    groups = []
    for row in rows:
        lines = []
        for name, figures in row["peers"].items():
            lines.append([row["what"], name, f"{figures['processor seconds']['median']:.3f}",
                          spread(figures["processor seconds"], 3), f"{figures['times plain']['median']:.2f}",
                          f"{figures['bytes'] / 1024:.0f}", f"{figures['bytes, times plain']:.2f}"])
        lines += [[row["what"], name, "missing"] for name in row["missing"]]
        groups.append(lines)
    table("compile: one command of the compiler's driver, with -g; processor seconds",
          ["", "", "median", "min..max", "x plain", "KiB", "x plain"], groups, left=2)
    for name, reason in rows[0]["missing"].items():
        print(f"\n  {name} is missing: {reason}")
