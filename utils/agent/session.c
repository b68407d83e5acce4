/* Commands: their processes, and the bytes that go to and come from them. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The flags of an OPEN. */
#define WITH_TERMINAL 1u
/* What it wrote to disks is on them when its status is told. */
#define WITH_SYNC 2u

#define SESSIONS 32

extern char **environ;

/* One of a session's outputs: what the command writes is read when the host has room for it. */
struct output {
	int fd;
	uint32_t credit;
};

struct session {
	bool used, running, sync;
	uint16_t id;
	pid_t pid;
	uint8_t status;
	/* The same descriptor as outputs[0] for a terminal. */
	int input;
	struct bytes waiting;
	bool input_ends;
	uint32_t taken;
	struct output outputs[2];
	bool terminal;
};

static struct session sessions[SESSIONS];

static struct session *find(uint16_t id)
{
	for (int i = 0; i < SESSIONS; i++)
		if (sessions[i].used && sessions[i].id == id)
			return &sessions[i];
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A pseudo terminal of that size; its other end's path in `path`. -1 when there is none to be had. */
static int open_terminal(char *path, size_t size, uint16_t rows, uint16_t columns)
{
	struct winsize window = { .ws_row = rows, .ws_col = columns };
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, path, size) != 0) {
		close_fd(&fd);
		return -1;
	}
	ioctl(fd, TIOCSWINSZ, &window);
	return fd;
}

/* What an OPEN holds, as pointers into it. */
struct request {
	uint8_t flags;
	uint16_t rows, columns;
	const char *folder;
	char **argv, **env;
};

/* Reads `count` strings, each ended by NUL, into a list that ends with NULL; NULL when there are not as many. */
static char **strings(const uint8_t **data, const uint8_t *end, uint32_t count)
{
	char **list = count > LARGEST_FRAME ? NULL : calloc(count + 1, sizeof(char *));

	if (list == NULL)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *nul = memchr(*data, '\0', (size_t)(end - *data));
		if (nul == NULL) {
			free(list);
			return NULL;
		}
		list[i] = (char *)*data;
		*data = nul + 1;
	}
	return list;
}

/* flags u8, rows u16, columns u16, argc u32, envc u32, then folder, argv and environment, each string ended by NUL. */
static bool parse(const struct frame *frame, struct request *request)
{
	const uint8_t *data = frame->data + 13, *end = frame->data + frame->length;

	if (frame->length < 14)
		return false;
	*request = (struct request){ .flags = frame->data[0], .rows = get16(frame->data + 1), .columns = get16(frame->data + 3) };
	char **folder = strings(&data, end, 1);
	if (folder == NULL)
		return false;
	request->folder = folder[0];
	free(folder);
	request->argv = strings(&data, end, get32(frame->data + 5));
	request->env = strings(&data, end, get32(frame->data + 9));
	return request->argv != NULL && request->argv[0] != NULL && request->env != NULL;
}

/* In the child: becomes the command, or says on its stderr why it cannot, with the status that a shell would give. */
static void become(const struct request *request, int in, int out, int err) __attribute__((noreturn));
static void become(const struct request *request, int in, int out, int err)
{
	sigset_t none;

	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (char **word = request->env; *word != NULL; word++)
		putenv(*word);
	if (request->folder[0] != '\0' && chdir(request->folder) != 0) {
		dprintf(2, "eulab: cannot change to %s: %s\n", request->folder, strerror(errno));
		_exit(126);
	}
	execvp(request->argv[0], request->argv);
	int status = errno == ENOENT ? 127 : 126;
	dprintf(2, "eulab: %s: %s\n", request->argv[0], errno == ENOENT ? "not found" : strerror(errno));
	_exit(status);
}

static bool start(struct session *session, const struct request *request)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	char path[64];
	bool terminal = (request->flags & WITH_TERMINAL) != 0;

	if (terminal) {
		session->outputs[0].fd = open_terminal(path, sizeof(path), request->rows, request->columns);
		if (session->outputs[0].fd < 0)
			return false;
	}
	bool piped = terminal || (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
	pid_t pid = piped ? fork() : -1;
	if (pid == 0) {
		/* A session, and so a process group, of its own: a signal for the command reaches all that it started. */
		setsid();
		if (terminal) {
			int fd = open(path, O_RDWR);
			ioctl(fd, TIOCSCTTY, 0);
			become(request, fd, fd, fd);
		}
		become(request, in[0], out[1], err[1]);
	}
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	session->pid = pid;
	session->terminal = terminal;
	if (pid < 0) {
		int why = errno;
		close_fd(&in[1]);
		close_fd(&out[0]);
		close_fd(&err[0]);
		close_fd(&session->outputs[0].fd);
		errno = why;
		return false;
	}
	if (terminal) {
		session->input = session->outputs[0].fd;
	} else {
		session->input = in[1];
		session->outputs[0].fd = out[0];
		session->outputs[1].fd = err[0];
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(err[0], F_SETFL, O_NONBLOCK);
	}
	return true;
}

static void finish(struct channel *channel, struct session *session)
{
	if (session->sync)
		sync();
	channel_send(channel, EXIT, 0, session->id, &session->status, 1);
	if (!session->terminal)
		close_fd(&session->input);
	free(session->waiting.data);
	memset(session, 0, sizeof(*session));
}

/* The command cannot be run: its stderr says why, its status is that of a shell. */
static void refuse(struct channel *channel, struct session *session, const char *why)
{
	char text[160];
	int count = snprintf(text, sizeof(text), "eulab: the guest cannot run a command: %s\n", why);

	channel_send(channel, OUTPUT, 2, session->id, text, (size_t)count);
	channel_send(channel, OUTPUT, 1, session->id, NULL, 0);
	channel_send(channel, OUTPUT, 2, session->id, NULL, 0);
	session->status = 126;
	finish(channel, session);
}

void session_open(struct channel *channel, const struct frame *frame)
{
	struct session none = { .used = true, .id = frame->session, .input = -1, .outputs = { { -1, 0 }, { -1, 0 } } };
	struct session *session = &none;
	struct request request = { 0 };

	for (int i = 0; i < SESSIONS && session == &none; i++)
		if (!sessions[i].used)
			session = &sessions[i];
	if (session == &none) {
		refuse(channel, session, "too many run already");
		return;
	}
	*session = none;
	if (!parse(frame, &request)) {
		refuse(channel, session, "the host's request is not understood");
	} else if (!start(session, &request)) {
		refuse(channel, session, strerror(errno));
	} else {
		session->running = true;
		session->sync = (request.flags & WITH_SYNC) != 0;
		session->outputs[0].credit = session->outputs[1].credit = STREAM_WINDOW;
	}
	free(request.argv);
	free(request.env);
}

void session_frame(struct channel *channel, const struct frame *frame)
{
	struct session *session = find(frame->session);

	(void)channel;
	if (session == NULL)
		return;
	switch (frame->type) {
	case INPUT:
		if (frame->length == 0)
			session->input_ends = true;
		else
			append(&session->waiting, frame->data, frame->length);
		break;
	case CREDIT:
		if (frame->length == 4 && (frame->stream == 1 || frame->stream == 2))
			session->outputs[frame->stream - 1].credit += get32(frame->data);
		break;
	case SIGNAL:
		if (frame->length == 1 && session->running)
			kill(-session->pid, frame->data[0]);
		break;
	case RESIZE:
		if (frame->length == 4 && session->terminal) {
			struct winsize window = { .ws_row = get16(frame->data), .ws_col = get16(frame->data + 2) };
			ioctl(session->outputs[0].fd, TIOCSWINSZ, &window);
		}
		break;
	}
}

void session_ended(int pid, int status)
{
	for (int i = 0; i < SESSIONS; i++)
		if (sessions[i].used && sessions[i].running && sessions[i].pid == pid) {
			sessions[i].running = false;
			sessions[i].status = (uint8_t)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
		}
}

size_t session_poll(struct channel *channel, struct pollfd *polls, size_t count)
{
	bool room = pending(&channel->out) < STREAM_WINDOW;

	for (int i = 0; i < SESSIONS; i++) {
		struct session *session = &sessions[i];
		if (!session->used)
			continue;
		for (int j = 0; j < 2; j++)
			if (session->outputs[j].fd >= 0 && session->outputs[j].credit > 0 && room)
				polls[count++] = (struct pollfd){ .fd = session->outputs[j].fd, .events = POLLIN };
		if (session->input >= 0 && pending(&session->waiting) > 0)
			polls[count++] = (struct pollfd){ .fd = session->input, .events = POLLOUT };
	}
	return count;
}

/* Hands on what the command takes; what it does not want any more is thrown away, so that the host can send to the end. */
static void feed(struct channel *channel, struct session *session)
{
	while (pending(&session->waiting) > 0) {
		size_t count = pending(&session->waiting);
		ssize_t put = session->input < 0 ? (ssize_t)count : write(session->input, session->waiting.data + session->waiting.start, count);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (put < 0) {
			if (session->terminal)
				session->input = -1;
			else
				close_fd(&session->input);
			continue;
		}
		consume(&session->waiting, (size_t)put);
		session->taken += (uint32_t)put;
	}
	if (session->taken >= STREAM_WINDOW / 4 || (session->taken > 0 && pending(&session->waiting) == 0)) {
		uint8_t count[4];
		put32(count, session->taken);
		session->taken = 0;
		channel_send(channel, GRANT, 0, session->id, count, sizeof(count));
	}
	if (!session->input_ends || pending(&session->waiting) > 0 || session->input < 0)
		return;
	if (session->terminal) {
		/* The end of a terminal's input is a key: ctrl-D. */
		uint8_t end = 4;
		if (write(session->input, &end, 1) < 0 && errno == EAGAIN)
			return;
		session->input = -1;
	} else {
		close_fd(&session->input);
	}
}

/* True while there may be more of it: it is open, and the host has to make room or the command to write. */
static bool drain(struct channel *channel, struct session *session, int index)
{
	static uint8_t piece[PIECE];
	struct output *output = &session->outputs[index];

	while (output->fd >= 0) {
		size_t most = output->credit < PIECE ? output->credit : PIECE;
		if (most == 0 || pending(&channel->out) >= STREAM_WINDOW)
			return true;
		ssize_t got = read(output->fd, piece, most);
		if (got > 0) {
			output->credit -= (uint32_t)got;
			channel_send(channel, OUTPUT, (uint8_t)(index + 1), session->id, piece, (size_t)got);
			continue;
		}
		/* Nothing now: wait, unless the command has ended; what it left running does not keep the output open. */
		if (got < 0 && (errno == EAGAIN || errno == EINTR) && session->running)
			return true;
		close_fd(&output->fd);
		if (session->terminal)
			session->input = -1;
	}
	return false;
}

void session_work(struct channel *channel)
{
	for (int i = 0; i < SESSIONS; i++) {
		struct session *session = &sessions[i];
		if (!session->used)
			continue;
		feed(channel, session);
		bool more = false;
		for (int j = 0; j < 2; j++) {
			bool open = session->outputs[j].fd >= 0;
			bool goes_on = drain(channel, session, j);
			if (open && !goes_on)
				channel_send(channel, OUTPUT, (uint8_t)(j + 1), session->id, NULL, 0);
			more = more || goes_on;
		}
		if (!session->running && !more)
			finish(channel, session);
	}
}
