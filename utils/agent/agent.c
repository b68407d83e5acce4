/*
 * eulab-agent: the guest's first process, and what runs commands for the host, over one virtio port or one serial line.
 *
 * Started as /init it mounts what every program expects, sets the network up as the host says in the kernel's command line
 * (words.c), and goes on in the file system of a disk when it is to. Then, as the first process under whatever name, it runs
 * commands for the host, or a shell on the console with the agent beside it. As another process it is the agent alone.
 *
 * The first process takes in the children that others leave behind, and hears of busybox's halt, poweroff and reboot. The
 * kernel panics when it ends, so nothing here may end it but the end of the machine.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* linux/magic.h, which musl does not bring. */
#define RAMFS_MAGIC 0x858458f6
#define TMPFS_MAGIC 0x01021994

static struct channel host;
/* What somebody asked the first process to end the machine with; 0 for nothing. */
static volatile sig_atomic_t wanted_end;

static void child_ended(int signal)
{
	(void)signal;
}

/* @see busybox, init/halt.c */
static void end_wanted(int signal)
{
	wanted_end = signal == SIGTERM ? RB_AUTOBOOT : signal == SIGUSR1 ? RB_HALT_SYSTEM : RB_POWER_OFF;
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		session_ended(pid, status);
}

static void handle(const struct frame *frame)
{
	switch (frame->type) {
	case OPEN:
		session_open(&host, frame);
		break;
	case RESIZE:
		if (frame->session == 0)
			console_resize(frame);
		else
			session_frame(&host, frame);
		break;
	case RENEW:
		renew(&host, frame);
		break;
	case POWER_OFF:
		power_off();
	default:
		session_frame(&host, frame);
	}
}

/*
 * Signals come only while somebody waits for them with `waiting`: children are reaped, and an end is seen, between two looks
 * at the descriptors and never in between.
 */
static void hold_signals(sigset_t *waiting, bool first)
{
	static const int ends[] = { SIGUSR1, SIGUSR2, SIGTERM };
	struct sigaction child = { .sa_handler = child_ended, .sa_flags = SA_NOCLDSTOP };
	struct sigaction end = { .sa_handler = end_wanted };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaction(SIGCHLD, &child, NULL);
	for (size_t i = 0; first && i < sizeof(ends) / sizeof(ends[0]); i++) {
		sigaddset(&blocked, ends[i]);
		sigaction(ends[i], &end, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	signal(SIGPIPE, SIG_IGN);
}

static void serve(const sigset_t *waiting) __attribute__((noreturn));
static void serve(const sigset_t *waiting)
{
	bool heard = false;

	for (;;) {
		struct pollfd polls[LARGEST_POLL] = { { .fd = host.fd, .events = POLLIN } };
		struct timespec second = { .tv_sec = 1 };
		struct frame frame;

		if (pending(&host.out) > 0)
			polls[0].events |= POLLOUT;
		size_t count = session_poll(&host, polls, 1);
		int ready = ppoll(polls, count, heard ? NULL : &second, waiting);
		if (wanted_end != 0)
			end_machine(wanted_end);
		/* A serial line drops what nobody listens to: the greeting is said until somebody answers. */
		if (ready == 0 && host.window > 0)
			channel_greet(&host);
		while (channel_read(&host))
			while (channel_next(&host, &frame)) {
				heard = true;
				handle(&frame);
			}
		reap();
		session_work(&host);
		channel_flush(&host);
		/* The host's end is closed, for a moment: a saved state is taken or has come back. */
		if (ready > 0 && (polls[0].revents & POLLHUP) != 0 && (polls[0].revents & POLLIN) == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

/* What has just been done, for a host that profiles the boot. By the kernel's log, because its lines are out on the
 * console when the write returns; those of a terminal may still wait when the machine ends. */
static void mark(const struct words *words, const char *what)
{
	int fd = words->profile ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	/* Without its end a line of the log is not shown before the next one. */
	dprintf(fd, "eulab: mark %s\n", what);
	close(fd);
}

/* True in the initramfs; this program may also be the init of the disk that it went to. */
static bool in_rootfs(void)
{
	struct statfs root;

	return statfs("/", &root) == 0 && (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC);
}

/* Becomes the script that goes on in the file system of a disk; it comes back as eulab-agent when it cannot. */
static void enter_root(const struct words *words)
{
	setenv("EULAB_MODE", words->run ? "run" : "shell", 1);
	setenv("EULAB_ROOT", words->root, 1);
	setenv("EULAB_ACCESS", words->read_only ? "ro" : "rw", 1);
	setenv("EULAB_INIT", words->init == NULL ? "" : words->init, 1);
	execl("/bin/sh", "sh", "/etc/eulab/root", NULL);
	say("cannot use the root: there is no shell in this initramfs for /etc/eulab/root");
}

/* For /etc/eulab/root, in the file system that it goes to; says on stdout what is wrong. */
static int shares_alone(const struct words *words)
{
	char why[5000];

	if (enter_shares(words, why, sizeof(why)))
		return 0;
	printf("%s\n", why);
	return 1;
}

/* The work of /init: everything up to the command or the shell. */
static void set_up(struct words *words)
{
	char why[5000];

	setenv("PATH", "/sbin:/bin:/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
	mount_all(in_rootfs());
	words_read(words);
	mark(words, "mounts");
	load_modules();
	set_network(words);
	mark(words, "network");
	if (words->root != NULL && in_rootfs())
		enter_root(words);
	if (!words->run)
		(void)!chdir("/root");
	if (enter_shares(words, why, sizeof(why))) {
		start_services();
		return;
	}
	say("%s%s", words->run ? "cannot run the command: " : "", why);
	if (words->run)
		power_off();
}

/* The first process beside a shell: the agent is another, because it may have to wait for a host that never comes. */
static void wait_for_shell(const sigset_t *waiting) __attribute__((noreturn));
static void wait_for_shell(const sigset_t *waiting)
{
	for (;;) {
		int status;
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (shell_ended(pid))
				power_off();
		if (wanted_end != 0)
			end_machine(wanted_end);
		sigsuspend(waiting);
	}
}

int main(int argc, char **argv)
{
	bool first = getpid() == 1;
	const char *name = argc == 0 || strrchr(argv[0], '/') == NULL ? argv[0] : strrchr(argv[0], '/') + 1;
	struct words words;
	sigset_t waiting;

	if (first && name != NULL && strcmp(name, "init") == 0) {
		set_up(&words);
	} else {
		words_read(&words);
		if (argc == 2 && strcmp(argv[1], "shares") == 0)
			return shares_alone(&words);
		if (words.folder != NULL)
			(void)!chdir(words.folder);
	}
	if (first && !words.run)
		shell_start(&words);
	bool beside = first && !words.run && fork() == 0;
	hold_signals(&waiting, first && !beside);
	if (first && !words.run && !beside)
		wait_for_shell(&waiting);
	if (!channel_open(&host, words.port)) {
		if (!first || beside)
			return 1;
		say("cannot run the command: no port of the host was found (CONFIG_VIRTIO_CONSOLE and CONFIG_VIRTIO_PCI, or a second CONFIG_SERIAL_8250 line)");
		power_off();
	}
	serve(&waiting);
}
