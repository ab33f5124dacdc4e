/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Starts the program that it is given and ends as that does. Nothing in it is marked: its recording names no model. */
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status = 0;

	if (argc > 1 && fork() == 0)
		return execv(argv[1], argv + 1);
	wait(&status);
	return WEXITSTATUS(status);
}
