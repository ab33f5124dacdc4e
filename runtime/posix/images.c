/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Which binaries are mapped, and where: what it takes to name a frame on another machine.
 *
 * All that is there is defined when the recording begins, when a library is unloaded, and when the program ends; what
 * was loaded in between when a stack first leads through it, since a killed program comes to no end. dlopen() itself is
 * not interposed: it goes by its caller (whose RUNPATH counts), and that would be this library.
 *
 * An address means one thing in the whole trace: where a library was unloaded, its addresses are kept from use.
 */
#define _GNU_SOURCE
#include "process.h"
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define KNOWN_MAX 1024u

/* Images that are mapped and defined; beyond that, they are defined again. A slot is free when `end` is 0. */
static struct known {
	uint64_t start, end;
	uint64_t name; /* hash of it: another library may be there before we know that the first one is gone */
	int seen;
} known[KNOWN_MAX];
static uint32_t known_count;  /* slots used so far */
static uint32_t known_locked; /* one who changes it; a hook never waits for it */

static int is_known_address(uint64_t address)
{
	static __thread uint32_t last __attribute__((tls_model("initial-exec")));
	uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
	uint32_t tries, at = last;

	for (tries = 0; tries < count; tries++, at++) {
		const struct known *image = &known[at = at < count ? at : 0];

		if (address < __atomic_load_n(&image->end, __ATOMIC_ACQUIRE) && address >= image->start) {
			last = at;
			return 1;
		}
	}
	return 0;
}

static void say_reused(void)
{
	static uint32_t said;

	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		underlock_posix_say("underlock: process %d: a library was unloaded, and its addresses could not be kept from use "
				    "(address space is limited, or another thread was faster): functions there may get the wrong "
				    "names", (int)getpid());
}

/* Enters an image. True when it was there already. Inside the lock, or alone. */
static int enter_known(uint64_t start, uint64_t end, uint64_t name)
{
	struct known *empty = 0;
	uint32_t at;

	for (at = 0; at < known_count; at++) {
		struct known *image = &known[at];

		if (!image->end) {
			empty = image;
		} else if (image->start == start) {
			int same = image->name == name;

			if (!same)
				say_reused();
			image->name = name;
			image->seen = 1;
			return same;
		}
	}
	if (!empty && known_count == KNOWN_MAX)
		return 0;
	if (!empty)
		empty = &known[known_count];
	empty->start = start;
	empty->name = name;
	empty->seen = 1;
	__atomic_store_n(&empty->end, end, __ATOMIC_RELEASE);
	if (empty == &known[known_count])
		__atomic_store_n(&known_count, known_count + 1, __ATOMIC_RELEASE);
	return 0;
}

/* The build id among the notes of one segment. */
static const void *find_build_id(const char *note, const char *end, size_t *size)
{
	while (end - note > (ptrdiff_t)sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *header = (const void *)note;
		const char *name = note + sizeof(*header);
		const char *data = name + ((header->n_namesz + 3u) & ~3u);

		if (data > end || header->n_descsz > (size_t)(end - data))
			break;
		if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && !memcmp(name, "GNU", 4)) {
			*size = header->n_descsz;
			return data;
		}
		note = data + ((header->n_descsz + 3u) & ~3u);
	}
	return 0;
}

/* As the analyzer can open it, wherever it runs: the loader keeps names as dlopen() was given them. */
static const char *full_path(const char *path, char full[PATH_MAX])
{
	ssize_t size;

	if (path && *path && (*path == '/' || !strchr(path, '/')))
		return path;
	if (path && *path) {
		size_t room = PATH_MAX, used;

		if (!getcwd(full, room) || (used = strlen(full)) + 2 + strlen(path) > room)
			return path;
		full[used] = '/';
		strcpy(full + used + 1, path);
		return full;
	}
	/* The executable has no name here. */
	size = readlink("/proc/self/exe", full, PATH_MAX - 1);
	full[size > 0 ? size : 0] = 0;
	return full;
}

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	while (name && *name)
		hash = (hash ^ (uint8_t)*name++) * 0x100000001b3ull;
	return hash;
}

/* What define() needs besides the image. */
struct definer {
	struct underlock_context *c; /* NULL: only see what is there */
	int inside;		     /* of a hook: the context's guard is taken */
	int registers;		     /* `known` may be changed */
};

static void define(const struct definer *how, const char *name, uint64_t bias, const ElfW(Phdr) *segment,
		   uint32_t segments)
{
	char full[PATH_MAX];
	const void *build_id = 0;
	size_t build_id_size = 0;
	uint64_t start = ~0ull, end = 0;

	for (; segments; segments--, segment++) {
		uint64_t from = bias + segment->p_vaddr;

		if (segment->p_type == PT_LOAD) {
			start = from < start ? from : start;
			end = from + segment->p_memsz > end ? from + segment->p_memsz : end;
		} else if (segment->p_type == PT_NOTE && !build_id) {
			build_id = find_build_id((const char *)from, (const char *)from + segment->p_memsz, &build_id_size);
		}
	}
	if (start >= end || (how->registers && enter_known(start, end, hash_of(name))) || !how->c)
		return;
	(how->inside ? underlock_define_image_inside : underlock_define_image)(how->c, start, end, bias, full_path(name, full),
									       build_id, build_id_size);
}

static int define_loaded(struct dl_phdr_info *info, size_t info_size, void *how)
{
	(void)info_size;
	define(how, info->dlpi_name, info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum);
	return 0;
}

/* Whether it has been taken. It is held for moments; a handler that calls exit() then would wait for itself. */
static int lock_known(int tries)
{
	while (__atomic_exchange_n(&known_locked, 1, __ATOMIC_ACQUIRE)) {
		if (--tries <= 0)
			return 0;
		sched_yield();
	}
	return 1;
}

static void unlock_known(int locked)
{
	if (locked)
		__atomic_store_n(&known_locked, 0, __ATOMIC_RELEASE);
}

void underlock_posix_define_images(struct underlock_context *c, int again)
{
	struct definer how = { c, 0, 0 };

	if (again) {
		memset(known, 0, sizeof(known));
		known_count = known_locked = 0;
	}
	how.registers = lock_known(10000);
	dl_iterate_phdr(define_loaded, &how);
	unlock_known(how.registers);
}

/* Any place in the program, a signal handler in the loader included: the look-up takes no lock. Before glibc 2.35 there
 * is none, and a library that is still loaded when the program is killed has no names. */
void underlock_port_new_stack(struct underlock_context *c, uint32_t count)
{
#if __GLIBC_PREREQ(2, 35)
	struct dl_find_object found;
	uint32_t at;

	for (at = 0; at < count; at++) {
		const ElfW(Ehdr) *header;
		struct definer how = { c, 1, 0 };

		if (is_known_address(c->frames[at]) || _dl_find_object((void *)(uintptr_t)c->frames[at], &found))
			continue;
		header = found.dlfo_map_start;
		if (memcmp(header->e_ident, ELFMAG, SELFMAG))
			continue;
		how.registers = lock_known(1);
		define(&how, found.dlfo_link_map->l_name, found.dlfo_link_map->l_addr,
		       (const void *)((const char *)header + header->e_phoff), header->e_phnum);
		unlock_known(how.registers);
	}
#else
	(void)c;
	(void)count;
#endif
}

/* Puts what nobody can use where a library was. A limit on address space would count it: then it is left. */
static void keep_from_use(uint64_t start, uint64_t end)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct rlimit limit;

	start &= ~(page - 1);
	if ((!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur != RLIM_INFINITY) ||
	    mmap((void *)(uintptr_t)start, end - start, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		say_reused();
}

static void keep_unloaded(struct underlock_context *c)
{
	struct definer how = { c, 0, 1 };
	uint32_t at;

	if (!lock_known(10000))
		return say_reused();
	for (at = 0; at < known_count; at++)
		known[at].seen = 0;
	dl_iterate_phdr(define_loaded, &how);
	for (at = 0; at < known_count; at++) {
		if (!known[at].end || known[at].seen)
			continue;
		keep_from_use(known[at].start, known[at].end);
		__atomic_store_n(&known[at].end, 0, __ATOMIC_RELEASE);
	}
	unlock_known(1);
}

typedef int dlclose_function(void *);
static dlclose_function *real_dlclose;

void underlock_posix_find_real_dlclose(void)
{
	if (!real_dlclose)
		real_dlclose = (dlclose_function *)dlsym(RTLD_NEXT, "dlclose");
	underlock_posix_must_find(real_dlclose != 0, "dlclose");
}

__attribute__((visibility("default"))) int dlclose(void *library)
{
	struct underlock_context *c = underlock_port_context();
	int result, saved;

	underlock_posix_find_real_dlclose();
	if (c)
		underlock_posix_define_images(c, 0);
	result = real_dlclose(library);
	saved = errno;
	c = underlock_port_context();
	if (c)
		keep_unloaded(c);
	errno = saved;
	return result;
}
