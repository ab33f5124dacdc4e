/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Which binaries are mapped, and where: what it takes to name a frame on another machine. */
#define _GNU_SOURCE
#include "process.h"
#include <link.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define KNOWN_MAX 1024u

static uint64_t known[KNOWN_MAX]; /* start addresses of those defined; beyond that, they are defined again */
static uint32_t known_count;

static int is_known(uint64_t start)
{
	uint32_t at;

	for (at = 0; at < known_count; at++) {
		if (known[at] == start)
			return 1;
	}
	if (known_count < KNOWN_MAX)
		known[known_count++] = start;
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

static int define_image(struct dl_phdr_info *info, size_t info_size, void *context)
{
	char executable[PATH_MAX];
	const char *path = info->dlpi_name;
	const void *build_id = 0;
	size_t build_id_size = 0;
	uint64_t start = ~0ull, end = 0;
	int at;

	(void)info_size;
	for (at = 0; at < info->dlpi_phnum; at++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[at];
		uint64_t from = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD) {
			start = from < start ? from : start;
			end = from + segment->p_memsz > end ? from + segment->p_memsz : end;
		} else if (segment->p_type == PT_NOTE && !build_id) {
			build_id = find_build_id((const char *)from, (const char *)from + segment->p_memsz, &build_id_size);
		}
	}
	if (start >= end || is_known(start))
		return 0;
	if (!path || !*path) {
		/* The executable has no name here. */
		ssize_t size = readlink("/proc/self/exe", executable, sizeof(executable) - 1);

		executable[size > 0 ? size : 0] = 0;
		path = executable;
	}
	underlock_define_image(context, start, end, info->dlpi_addr, path, build_id, build_id_size);
	return 0;
}

void underlock_posix_define_images(struct underlock_context *c, int again)
{
	if (again)
		known_count = 0;
	dl_iterate_phdr(define_image, c);
}
