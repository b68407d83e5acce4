/*
 * The guest's first process and its end of the command channel: what utils/agent is made of. src/boot/channel/frame.ts has
 * the host's end and the protocol's description; the two change together.
 */
#ifndef EULAB_AGENT_H
#define EULAB_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frame types. The host's are below 128, the guest's above. */
enum frame_type {
	OPEN = 1,     /* a command: flags, terminal size, folder, argv, environment */
	INPUT = 2,    /* bytes for its standard input; none: the end of it */
	CREDIT = 3,   /* u32: so many more bytes of `stream` may be sent */
	SIGNAL = 4,   /* u8: for the command's process group */
	RESIZE = 5,   /* u16 rows, u16 columns: of the session's terminal; session 0: of the console */
	RENEW = 6,    /* after a saved state: time, entropy, hardware address */
	POWER_OFF = 7,

	HELLO = 128,  /* text: "EULAB-AGENT VERSION WINDOW"; WINDOW 0: none */
	OUTPUT = 129, /* bytes of stdout (stream 1) or stderr (stream 2); none: the end of it */
	GRANT = 130,  /* u32: so many more bytes of standard input may be sent */
	EXIT = 131,   /* u8 status; both outputs have ended before */
	ACK = 132,    /* u32: so many bytes of frames were read; only where HELLO names a window */
	RENEWED = 133,
};

#define HEADER_BYTES 8u           /* type u8, stream u8, session u16, length u32; little endian */
#define LARGEST_FRAME (16u << 20) /* an OPEN; all others are small */
#define STREAM_WINDOW (256u << 10)
#define PIECE (32u << 10)

/* A growing array of bytes that is consumed from its front. */
struct bytes {
	uint8_t *data;
	size_t start, end, size;
};

size_t pending(const struct bytes *bytes);
void append(struct bytes *bytes, const void *data, size_t count);
void consume(struct bytes *bytes, size_t count);

/* channel.c: frames over one descriptor. */
struct frame {
	uint8_t type, stream;
	uint16_t session;
	uint32_t length;
	const uint8_t *data;
};

struct channel {
	int fd;
	struct bytes in, out;
	uint32_t window, unacknowledged;
};

/*
 * Finds the host's port, or the serial line of that name, and opens it; false when there is none. Waits until the host has
 * heard the greeting.
 */
bool channel_open(struct channel *channel, const char *line);
void channel_greet(struct channel *channel);
/* Reads what is there; false when there was nothing. */
bool channel_read(struct channel *channel);
/* The next whole frame; its data is good until the next call. */
bool channel_next(struct channel *channel, struct frame *frame);
void channel_send(struct channel *channel, uint8_t type, uint8_t stream, uint16_t session, const void *data, size_t count);
void channel_flush(struct channel *channel);

/* session.c: commands. */
struct pollfd;
void session_open(struct channel *channel, const struct frame *frame);
void session_frame(struct channel *channel, const struct frame *frame);
/* A child has ended; called for every one that is reaped. */
void session_ended(int pid, int status);
/* Adds the sessions' descriptors; returns how many there are then. */
size_t session_poll(struct channel *channel, struct pollfd *polls, size_t count);
void session_work(struct channel *channel);
#define LARGEST_POLL 128

/* words.c: what the host says in the kernel's command line; see there. NULL, 0 and false for what it does not say. */
struct share {
	const char *tag, *type, *folder;
	bool read_only;
};

/* Of a network card; each a list with commas. */
struct card {
	const char *ip, *gateway, *dns;
};

#define SHARES 32
#define CARDS 8
struct words {
	bool run, profile, read_only;
	const char *port, *hostname, *mac, *root, *init, *folder, *term;
	struct card cards[CARDS];
	struct share shares[SHARES];
	size_t share_count;
	uint16_t rows, columns;
};

/* Reads /proc/cmdline. */
void words_read(struct words *words);

/* network.c: the cards and their addresses. */
void set_network(const struct words *words);
/* The next of a list with commas, in `item`; false at its end. */
bool next_of(const char **list, char *item, size_t size);

/* interfaces.c: the same for people and for ifup(8). */
void write_interfaces(const struct words *words);

/* setup.c: what every program expects of a system. */
void mount_all(bool initramfs);
/* Mounts what the host shares and goes where the command is to start; false when it cannot, with the reason in `why`. */
bool enter_shares(const struct words *words, char *why, size_t size);

/* additions.c: what the host put in to be started; nothing where it did not. */
void load_modules(void);
void start_services(void);

/* shell.c: a shell on the console, which is the end of the machine when it ends. For the first process. */
void shell_start(const struct words *words);
/* A child has ended; true when it was the shell. */
bool shell_ended(int pid);

/* machine.c: what concerns the whole guest. */
/* The beginning of a file as a string; false, and an empty one, when there is nothing to read. */
bool read_text(const char *path, char *text, size_t size);
/* True when something in a folder has a name that begins so. */
bool folder_has(const char *path, const char *beginning);
/* The device of the console proper, not /dev/console, which gives no terminal of one's own; false when there is none. */
bool console_path(char *path, size_t size);
void console_resize(const struct frame *frame);
void renew(struct channel *channel, const struct frame *frame);
void power_off(void) __attribute__((noreturn));
/* The end of the machine, by a command of reboot(2). */
void end_machine(int command) __attribute__((noreturn));
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline uint16_t get16(const uint8_t *data)
{
	return (uint16_t)(data[0] | data[1] << 8);
}

static inline uint32_t get32(const uint8_t *data)
{
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

static inline void put32(uint8_t *data, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		data[i] = (uint8_t)(value >> (8 * i));
}

#endif
