/* Fast Leader Election as a closed system, in Promela: servers, network and faults, explored by a checker that has
   nothing to do with Conclave's. Written from the description of the algorithm, as its sister in spec/murphi is; no
   line of either is made from model/ or the rest of spec/, so that equal numbers of states mean something.
   docs/other-checkers.md says what was compared.

     spin -DN=3 -DROUNDS=1 -DCRASHES=0 -a election.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m1000000

   -DNOREDUCE: every state is to be counted. -DTIMELY: finalizeWait outlasts whatever better is to be read; with one
   round only.

   What is covered: all servers vote and quorums are majorities; coarse grain (a notification goes through a server at
   once, and it hears its own immediately); network `latest`; each server starts at a moment of its own, or never. */
#ifndef N
#define N 3 /* servers, 2 to 4 */
#endif
#ifndef ROUNDS
#define ROUNDS 1 /* no election of a later round begins; 1 or 2 */
#endif
#if ROUNDS < 1 || ROUNDS > 2
#error "ROUNDS: expected 1 or 2, for which this was written and compared"
#endif
#if defined(TIMELY) && ROUNDS != 1
#error "TIMELY: expected with ROUNDS 1 alone"
#endif
#ifndef CRASHES
#define CRASHES 0 /* at most so many; nobody comes back */
#endif

/* A server is the process of this number. It is also the rank of its initial vote: the rules compare votes and do
   nothing else with them, so this order stands for all. It names the vote, since all votes for one server are the same.
   Everything begins as 0 in Promela, so 0 is what is absent: a vote is the leader's number plus one. */
#define VOTE(server) ((server) + 1)

/* What a server does. A server that has not started or has crashed is not up. */
#define UNBORN 0
#define POLLING 1
#define FINALIZING 2
#define FOLLOWING 3
#define LEADING 4
#define CRASHED 5
#define LOOKS(s) (doing[s] == POLLING || doing[s] == FINALIZING)
#define SETTLED(s) (doing[s] == FOLLOWING || doing[s] == LEADING)
#define UP(s) (LOOKS(s) || SETTLED(s))

byte doing[N], clock[N], proposal[N];
byte said[N], said_round[N];       /* sent to all last: a proposal and its round */
byte current[N], current_round[N]; /* settled on last */
byte crashes;

/* Votes in tables: of server i, what j said. Only votes of the own round are in recvset. */
#define AT(i, j) [(i) * N + (j)]
#define LOOKING 0 /* the state of a vote's sender: this, FOLLOWING or LEADING */
byte recvset[N * N], recvset_state[N * N];
byte out[N * N], out_round[N * N], out_state[N * N]; /* outofelection */

/* For use within a d_step, which is one transition. Each ends with done(), so they never tell two states apart. (Hidden
   variables would be no part of a state at all, but Spin's breadth-first search refuses them.) */
byte k, votes;
bool news;

inline done() {
  k = 0;
  votes = 0;
  news = false
}

inline clear_recvset(i) {
  for (k : 0 .. N - 1) {
    recvset AT(i, k) = 0;
    recvset_state AT(i, k) = 0
  }
}

inline clear_votes(i) {
  clear_recvset(i);
  for (k : 0 .. N - 1) {
    out AT(i, k) = 0;
    out_round AT(i, k) = 0;
    out_state AT(i, k) = 0
  }
}

inline decide(i, vote, in_round) {
  current[i] = vote;
  current_round[i] = in_round;
  doing[i] = (vote == VOTE(i) -> LEADING : FOLLOWING);
  clear_votes(i)
}

inline tell_all(i) {
  said[i] = proposal[i];
  said_round[i] = clock[i]
}

/* Those in recvset are of one round, and all votes for one server are equal but for rounds. So votes agree if they name
   the same leader; that is so for a looking probe and for a settled one. */
inline count_recvset(i, vote) {
  votes = 0;
  for (k : 0 .. N - 1) {
    votes = votes + (recvset AT(i, k) == vote)
  }
}

/* Settled votes are equal whatever their rounds. */
inline count_out(i, vote) {
  votes = 0;
  for (k : 0 .. N - 1) {
    votes = votes + (out AT(i, k) == vote)
  }
}

inline count_vote(i, j, vote) {
  recvset AT(i, j) = vote;
  recvset_state AT(i, j) = LOOKING;
  count_recvset(i, proposal[i]);
  if
  :: 2 * votes > N -> doing[i] = FINALIZING
  :: else
  fi
}

/* The main loop takes a notification of a looking server. The own copy of what was told comes right after it; who is
   finalizing by then throws it away, as it is no better than the proposal. */
inline take_looking(i, j, vote, its_round) {
  news = false;
  if
  :: its_round > clock[i] ->
    clock[i] = its_round;
    clear_recvset(i);
    proposal[i] = (vote > VOTE(i) -> vote : VOTE(i));
    news = true
  :: its_round == clock[i] && vote > proposal[i] ->
    proposal[i] = vote;
    news = true
  :: else
  fi;
  if
  :: its_round < clock[i]
  :: else ->
    if
    :: news -> tell_all(i)
    :: else
    fi;
    count_vote(i, j, vote);
    if
    :: news && doing[i] == POLLING -> count_vote(i, i, proposal[i])
    :: else
    fi
  fi
}

/* The leader's word: another must have said itself that it leads, oneself is believed in one's own round. */
#define CONFIRMED(i, states, vote, its_round) \
  (vote == VOTE(i) -> its_round == clock[i] : states AT(i, vote - 1) == LEADING)

/* The main loop takes a notification of a server that follows or leads. */
inline take_settled(i, j, vote, its_round, its_state) {
  news = true; /* until it has decided */
  if
  :: its_round == clock[i] ->
    recvset AT(i, j) = vote;
    recvset_state AT(i, j) = its_state;
    count_recvset(i, vote);
    if
    :: 2 * votes > N && CONFIRMED(i, recvset_state, vote, its_round) ->
      decide(i, vote, its_round);
      news = false
    :: else
    fi
  :: else
  fi;
  if
  :: news ->
    out AT(i, j) = vote;
    out_round AT(i, j) = its_round;
    out_state AT(i, j) = its_state;
    count_out(i, vote);
    if
    :: 2 * votes > N && CONFIRMED(i, out_state, vote, its_round) ->
      clock[i] = its_round; /* up or down */
      decide(i, vote, its_round)
    :: else
    fi
  :: else
  fi
}

/* A better vote ends the wait of a finalizing server, whatever its round and state, and is then taken like any other.
   What is no better has no effect on such a server: IS_HEARD is false. */
#define IS_HEARD(i, vote) (doing[i] == POLLING || (doing[i] == FINALIZING && vote > proposal[i]))

/* The network `latest`: what a server last told all can be read at any time while it is up, and its answer while it is
   settled. A connection keeps the order of messages: who has heard a server's answer of a round will not hear after it
   what that server proposed in that round or before. */
#define READS_SAID(i, j) \
  ((j) != (i) && UP(j) && (out AT(i, j) == 0 || out_round AT(i, j) < said_round[j]) && IS_HEARD(i, said[j]))
#define READS_ANSWER(i, j) ((j) != (i) && SETTLED(j) && IS_HEARD(i, current[j]))

#define READ(j)                                                      \
  :: d_step {                                                        \
    READS_SAID(_pid, j) ->                                           \
    doing[_pid] = POLLING;                                           \
    take_looking(_pid, j, said[j], said_round[j]);                   \
    done()                                                           \
  }                                                                  \
  :: d_step {                                                        \
    READS_ANSWER(_pid, j) ->                                         \
    doing[_pid] = POLLING;                                           \
    take_settled(_pid, j, current[j], current_round[j], doing[j]);   \
    done()                                                           \
  }

/* What could end the wait of a finalizing server is better than its proposal, so it is heard. */
#define BETTER_COMES(i, j) (READS_SAID(i, j) || READS_ANSWER(i, j))
#ifndef TIMELY
#define WAIT_OVER(i) true
#elif N == 2
#define WAIT_OVER(i) (!BETTER_COMES(i, 0) && !BETTER_COMES(i, 1))
#elif N == 3
#define WAIT_OVER(i) (!BETTER_COMES(i, 0) && !BETTER_COMES(i, 1) && !BETTER_COMES(i, 2))
#else
#define WAIT_OVER(i) (!BETTER_COMES(i, 0) && !BETTER_COMES(i, 1) && !BETTER_COMES(i, 2) && !BETTER_COMES(i, 3))
#endif

inline look(i) {
  clock[i] = clock[i] + 1;
  doing[i] = POLLING;
  proposal[i] = VOTE(i);
  clear_votes(i);
  tell_all(i);
  count_vote(i, i, VOTE(i))
}

inline crash(i) {
  crashes = crashes + 1;
  doing[i] = CRASHED;
  clock[i] = 0;
  proposal[i] = 0;
  said[i] = 0;
  said_round[i] = 0;
  current[i] = 0;
  current_round[i] = 0;
  clear_votes(i)
}

active [N] proctype server() {
end: /* no deadlock: a server may wait here for ever */
  do
  :: d_step { doing[_pid] == UNBORN -> look(_pid); done() }
  READ(0)
  READ(1)
#if N > 2
  READ(2)
#endif
#if N > 3
  READ(3)
#endif
  :: d_step { doing[_pid] == FINALIZING && WAIT_OVER(_pid) -> decide(_pid, proposal[_pid], clock[_pid]); done() }
  :: d_step { SETTLED(_pid) && clock[_pid] < ROUNDS -> look(_pid); done() } /* the end of its role */
  :: d_step { UP(_pid) && crashes < CRASHES -> crash(_pid); done() }
  od
}
