/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* A file of the host, mapped into the kernel's process. No type of the kernel or of libc: included on both sides. */
#ifndef UNDERLOCK_UM_HOST_FILE_H
#define UNDERLOCK_UM_HOST_FILE_H

/*
 * Makes a new file and maps `size` bytes, of which the first `first` can be touched. `%p` in its name is the process id; a
 * kernel that reboots keeps that, and so what is there already stays, and the next one is FILE.2, FILE.3 and so on. Without %p,
 * what is there is replaced. Where it cannot be made, says so and ends the process.
 */
char *underlock_host_map(const char *path, unsigned long size, unsigned long first);

/*
 * Gives the file the bytes from `from` up to `to`, so that they can be touched; 0 if it could. What could not be had once is
 * said once, and not asked for again. From any context, several at a time.
 */
int underlock_host_grow(unsigned long from, unsigned long to);

#endif
