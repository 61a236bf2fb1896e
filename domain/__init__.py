"""What is true: values and pure functions. No clock, no network, no environment. The words:

access mode  what a coach lets us do with a calendar login: read_write, free_busy, no_access
account      one login of a coach at Cronofy; one coach may have several
acknowledge  of ops: to answer for a cause, so that nobody else is called for it
as_of        when a coach's calendars were last read, the oldest of them
away         a range of wall-clock times in which a coach takes no sessions, in the coach's zone
back to back scheduling that offers of each free run only the starts that pack it without holes
buffer       free time that a session keeps before (pre) and after (post) itself; not working time
bulk deed    one deed of ops for all messages of a cause, done batch by batch
busy         what blocks: busy, unknown and (by a switch) tentative items of all selected calendars
cause        what messages that failed alike have in common: kind, state and error
cell         one quarter hour of the UTC grid, as a start
connection   our side of an account: its tokens, its calendars, whether it is dirty
cursor       where a reader goes on: of the feed, or of one list under its filters
day off      a date whose override has no windows
digest       16 bytes that are equal when the answers are
facts        what a session mail tells, as it was when the change happened
farewell     what comes before a coach is erased: their sessions are called off, all are told
endpoint     an address of the platform that is told of events, with a secret of its own
feed         the events that the platform is told of, in one order, for who reads them itself
free run     a maximal run of consecutive open starts
holiday      a public holiday that the coach has switched on: none of its date's windows is there
group        hybrid_v2 pods in the order in which they begin: a seat in the first is one in each
horizon      how far ahead one can book: a session ends within so many days of 24 h from now
held         a mail whose text has an unknown or empty token: kept back, never sent as written
hours        a coach's weekly windows and their overrides, wall-clock in the coach's zone
limit        the most sessions of a local day, or of an ISO week
notice       how long before its start a session must be booked
invitation   the calendar part of a mail: one UID for the life of a booking, SEQUENCE up by one a
             change
offered      open, and let through by the clock
open         bookable at any time as far as hours, busy, sessions and limits say
origin       the UTC midnight a slot set begins at
override     the windows that replace a date's usual ones
own session  a session of ours with the coach; it keeps a gap on either side, not just buffers
pause        of ops: messages of a kind, or a company's mails, wait until it is resumed
place        where a session is: a link, a number or an address; decided when it is made
policy       what people see while a coach's calendars cannot be trusted: hide, last_known,
             hours_only
pool         several coaches asked at once: any of them, or all
position     the place of an event in the feed, given once its change is committed
reading      what one read of one connection brought, whole
reason       why a cell is closed
shell        a pod that has no time yet, and takes nobody's
slot         a start and a duration that the coach offers
slot set     every open start of a coach over some days, a bit each
span         consecutive cells from an origin
trip         dates on which a coach works the same hours in another zone
window       minutes after local midnight in which a coach works; belongs to the date it begins on
"""
