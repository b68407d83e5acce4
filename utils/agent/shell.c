/* A shell on the console, for whoever sits before it. */
#define _GNU_SOURCE
#include "agent.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static pid_t shell;

static const char art[] =
	"\n"
	"                 _         _\n"
	"  ___   _   _   | |  __ _ | |__\n"
	" / _ \\ | | | |  | | / _` || '_ \\\n"
	"|  __/ | |_| |  | || (_| || |_) |\n"
	" \\___|  \\__,_|  |_| \\__,_||_.__/\n";

static void banner(void)
{
	struct utsname name;
	struct timespec up;

	uname(&name);
	clock_gettime(CLOCK_BOOTTIME, &up);
	dprintf(1, "%s\nLinux %s, up after %ld.%02ld s. You are root; exit switches the machine off.\n\n", art, name.release,
		(long)up.tv_sec, up.tv_nsec / 10000000);
}

/* In the child: a session of its own on the console proper, which is what job control needs. */
static void take_console(const struct words *words)
{
	char path[300];
	int fd = console_path(path, sizeof(path)) ? open(path, O_RDWR) : -1;

	setsid();
	if (fd < 0)
		return;
	ioctl(fd, TIOCSCTTY, 0);
	if (words->rows > 0) {
		struct winsize window = { .ws_row = words->rows, .ws_col = words->columns > 0 ? words->columns : 80 };
		ioctl(fd, TIOCSWINSZ, &window);
	}
	for (int stream = 0; stream < 3; stream++)
		dup2(fd, stream);
	if (fd > 2)
		close(fd);
}

void shell_start(const struct words *words)
{
	shell = fork();
	if (shell != 0)
		return;
	take_console(words);
	setenv("TERM", words->term == NULL ? "vt100" : words->term, 1);
	banner();
	execl("/bin/sh", "sh", "-l", NULL);
	say("there is no shell in this system: /bin/sh cannot be started");
	_exit(127);
}

bool shell_ended(int pid)
{
	return pid == shell;
}
