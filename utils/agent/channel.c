/* Frames between guest and host, over a virtio port or a serial line. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define VERSION 1
/*
 * A serial line has no flow control of its own: the host may have so many bytes under way. The kernel keeps 64 KiB until they
 * are read, see TTYB_DEFAULT_MEM_LIMIT in drivers/tty/tty_buffer.c.
 */
#define SERIAL_WINDOW 8192u

size_t pending(const struct bytes *bytes)
{
	return bytes->end - bytes->start;
}

static void reserve(struct bytes *bytes, size_t count)
{
	if (bytes->size - bytes->end >= count)
		return;
	if (bytes->start > 0) {
		memmove(bytes->data, bytes->data + bytes->start, pending(bytes));
		bytes->end -= bytes->start;
		bytes->start = 0;
	}
	if (bytes->size - bytes->end >= count)
		return;
	size_t size = bytes->size * 2 > bytes->end + count ? bytes->size * 2 : bytes->end + count;
	uint8_t *data = realloc(bytes->data, size);
	if (data == NULL) {
		say("the agent has no memory left");
		power_off();
	}
	bytes->data = data;
	bytes->size = size;
}

void append(struct bytes *bytes, const void *data, size_t count)
{
	reserve(bytes, count);
	if (count > 0)
		memcpy(bytes->data + bytes->end, data, count);
	bytes->end += count;
}

void consume(struct bytes *bytes, size_t count)
{
	bytes->start += count;
	if (bytes->start == bytes->end)
		bytes->start = bytes->end = 0;
}

/* The device of the virtio port that the host named so, in `path`. */
static bool find_port(const char *wanted, char *path, size_t size)
{
	DIR *folder = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	bool found = false;

	if (folder == NULL)
		return false;
	while (!found && (entry = readdir(folder)) != NULL) {
		char name[64];
		snprintf(path, size, "/sys/class/virtio-ports/%s/name", entry->d_name);
		if (!read_text(path, name, sizeof(name)))
			continue;
		name[strcspn(name, "\n")] = '\0';
		found = strcmp(name, wanted) == 0;
		if (found)
			snprintf(path, size, "/dev/%s", entry->d_name);
	}
	closedir(folder);
	return found;
}

/*
 * As find_port. A driver that was loaded a moment ago hears of its ports from the host, one after another: where there is such a
 * device, its port is waited for.
 */
static bool await_port(const char *wanted, char *path, size_t size)
{
	for (int i = 0; i < 2000; i++) {
		if (find_port(wanted, path, size))
			return true;
		if (!folder_has("/sys/bus/virtio/drivers/virtio_console", "virtio"))
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

static int open_line(const char *name)
{
	struct termios line;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", name);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	/* A port that no hardware stands behind opens, but is no terminal to talk to. */
	if (fd < 0 || tcgetattr(fd, &line) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	cfmakeraw(&line);
	line.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&line, B115200);
	tcsetattr(fd, TCSANOW, &line);
	tcflush(fd, TCIOFLUSH);
	return fd;
}

bool channel_open(struct channel *channel, const char *line)
{
	char path[320];

	memset(channel, 0, sizeof(*channel));
	if (await_port("eulab.agent", path, sizeof(path))) {
		/* Not O_NONBLOCK yet: the first write waits until the host's end is there. */
		channel->fd = open(path, O_RDWR | O_CLOEXEC);
	} else {
		channel->fd = line == NULL ? -1 : open_line(line);
		channel->window = SERIAL_WINDOW;
	}
	if (channel->fd < 0)
		return false;
	channel_greet(channel);
	channel_flush(channel);
	fcntl(channel->fd, F_SETFL, fcntl(channel->fd, F_GETFL) | O_NONBLOCK);
	return true;
}

void channel_greet(struct channel *channel)
{
	char text[48];
	int count = snprintf(text, sizeof(text), "EULAB-AGENT %d %u\n", VERSION, channel->window);

	channel_send(channel, HELLO, 0, 0, text, (size_t)count);
}

bool channel_read(struct channel *channel)
{
	reserve(&channel->in, PIECE);
	ssize_t got = read(channel->fd, channel->in.data + channel->in.end, PIECE);

	if (got <= 0)
		return false;
	channel->in.end += (size_t)got;
	if (channel->window == 0)
		return true;
	channel->unacknowledged += (uint32_t)got;
	if (channel->unacknowledged >= channel->window / 4) {
		uint8_t count[4];
		put32(count, channel->unacknowledged);
		channel->unacknowledged = 0;
		channel_send(channel, ACK, 0, 0, count, sizeof(count));
	}
	return true;
}

bool channel_next(struct channel *channel, struct frame *frame)
{
	struct bytes *in = &channel->in;
	const uint8_t *head = in->data + in->start;

	if (pending(in) < HEADER_BYTES)
		return false;
	uint32_t length = get32(head + 4);
	if (length > LARGEST_FRAME) {
		say("the host's words make no sense to the agent");
		power_off();
	}
	if (pending(in) < HEADER_BYTES + length)
		return false;
	*frame = (struct frame){ head[0], head[1], get16(head + 2), length, head + HEADER_BYTES };
	consume(in, HEADER_BYTES + length);
	return true;
}

void channel_send(struct channel *channel, uint8_t type, uint8_t stream, uint16_t session, const void *data, size_t count)
{
	uint8_t head[HEADER_BYTES] = { type, stream, (uint8_t)session, (uint8_t)(session >> 8) };

	put32(head + 4, (uint32_t)count);
	append(&channel->out, head, sizeof(head));
	append(&channel->out, data, count);
}

void channel_flush(struct channel *channel)
{
	while (pending(&channel->out) > 0) {
		ssize_t put = write(channel->fd, channel->out.data + channel->out.start, pending(&channel->out));
		if (put <= 0)
			return;
		consume(&channel->out, (size_t)put);
	}
}
