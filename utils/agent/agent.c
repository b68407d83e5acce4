/*
 * eulab-agent: runs commands for the host, over one virtio port or one serial line.
 *
 * The guest's /init becomes it for `eulab boot -- COMMAND`, and leaves it running beside a shell. As the first process it
 * also takes in the children that others leave behind. It needs /dev, /proc and /sys, and /dev/pts for terminals.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct channel host;

static void child_ended(int signal)
{
	(void)signal;
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

int main(void)
{
	struct sigaction child = { .sa_handler = child_ended, .sa_flags = SA_NOCLDSTOP };
	sigset_t blocked, waiting;
	bool heard = false;

	if (!channel_open(&host)) {
		if (getpid() != 1)
			return 1;
		say("cannot run the command: no port of the host was found (CONFIG_VIRTIO_CONSOLE and CONFIG_VIRTIO_PCI, or a second CONFIG_SERIAL_8250 line)");
		power_off();
	}
	/* Children are reaped between two looks at the descriptors, never in between: SIGCHLD comes only while ppoll waits. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);

	for (;;) {
		struct pollfd polls[LARGEST_POLL] = { { .fd = host.fd, .events = POLLIN } };
		struct timespec second = { .tv_sec = 1 };
		struct frame frame;

		if (pending(&host.out) > 0)
			polls[0].events |= POLLOUT;
		size_t count = session_poll(&host, polls, 1);
		int ready = ppoll(polls, count, heard ? NULL : &second, &waiting);
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
