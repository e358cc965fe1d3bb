%% The Erlang side of bench/compare.ts: for each bench that a figure of ours names, the same work and the same messages
%% as the smarm program of that name in ../peers, written as an Erlang programmer would.
%%
%%   erlc rival.erl
%%   erl -noshell -noinput +S 1:1 +P 5000000 -run rival main pingpong n=200000
%%
%% One warm-up with a tenth of the work, one timed run, one line of JSON on stdout; exit code 1 when a result is wrong.
-module(rival).
-behaviour(supervisor).
-export([main/1, init/1, start_crashing/2]).

-compile({inline, [lcg/1, curve/1]}).

%% ------------------------------------------------------------------------------------------------ frame

main([Name | Arguments]) ->
    Options = maps:from_list([option(Text) || Text <- Arguments]),
    try
        measure(list_to_atom(Name), Options)
    of
        ok -> halt(0)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "~ts failed: ~p ~p~n~p~n", [Name, Class, Reason, Stack]),
            halt(1)
    end.

option(Text) ->
    [Name, Value] = string:split(Text, "="),
    {list_to_atom(Name), list_to_integer(Value)}.

measure(Bench, Options) ->
    {Unit, DefaultSize} = bench(Bench),
    Size = maps:get(n, Options, DefaultSize),
    case maps:get(warm, Options, 1) =:= 1 andalso warm_up(Bench, Size) of
        false -> ok;
        Tenth -> _ = in_fresh_process(Bench, Tenth, Options), wait_for_quiet(20)
    end,
    CpuBefore = cpu_seconds(),
    {Count, Nanoseconds, Extra} = in_fresh_process(Bench, Size, Options),
    Cpu = cpu_seconds() - CpuBefore,
    Seconds = Nanoseconds / 1.0e9,
    Given = maps:to_list(maps:without([n, warm], Options)),
    Fields = [[$,, $", atom_to_list(Key), $", $:, number(Value)] || {Key, Value} <- [{cpu_s, Cpu} | Given] ++ Extra],
    io:format("{\"peer\":\"erlang\",\"sched\":~b,\"bench\":\"~s\",\"n\":~b,\"unit\":\"~s\",\"seconds\":~.6f,\"per_s\":~.1f~s}~n",
              [erlang:system_info(schedulers_online), Bench, Count, Unit, Seconds, Count / Seconds, Fields]),
    ok.

%% Unit and default size.
bench(pingpong)   -> {"roundtrips", 1000000};
bench(xpingpong)  -> {"roundtrips", 300000};
bench(counting)   -> {"msgs", 2000000};
bench(xoneway)    -> {"msgs", 3000000};
bench(fjthrput)   -> {"msgs", 20000};
bench(fjcreate)   -> {"actors", 1000000};
bench(threadring) -> {"hops", 1000000};
bench(big)        -> {"pings", 20000};
bench(uct)        -> {"nodes", 200000};
bench(nqueens)    -> {"solutions", 12};
bench(trapezoid)  -> {"pieces", 1000000};
bench(skynet)     -> {"leaves", 1000000};
bench(parked)     -> {"actors", 1000000};
bench(timers)     -> {"sleeps", 100000};
bench(restart)    -> {"restarts", 20000}.

%% false: none.
warm_up(parked, _) -> false;
warm_up(nqueens, Size) -> Size - 2;
warm_up(_, Size) -> max(1, Size div 10).

%% Each run starts with an empty heap; the process that runs it is the driver of the bench.
in_fresh_process(Bench, Size, Options) ->
    {Pid, Monitor} = spawn_monitor(fun() -> exit({measured, run(Bench, Size, Options)}) end),
    receive
        {'DOWN', Monitor, process, Pid, {measured, Measured}} -> Measured;
        {'DOWN', Monitor, process, Pid, Reason} -> error({bench_died, Reason})
    end.

%% Processes of the warm-up get up to a second to end.
wait_for_quiet(0) -> ok;
wait_for_quiet(Steps) ->
    erlang:garbage_collect(),
    timer:sleep(50),
    case erlang:system_info(process_count) > 200 of
        true -> wait_for_quiet(Steps - 1);
        false -> ok
    end.

number(Value) when is_integer(Value) -> integer_to_list(Value);
number(Value) when is_float(Value) -> float_to_list(Value, [{decimals, 3}]).

timed(Work) ->
    Start = erlang:monotonic_time(nanosecond),
    Result = Work(),
    {erlang:monotonic_time(nanosecond) - Start, Result}.

%% User and system time of the whole emulator, in steps of 10 ms.
cpu_seconds() ->
    {ok, Stat} = file:read_file("/proc/self/stat"),
    [_, Rest] = binary:split(Stat, <<") ">>),
    Fields = binary:split(Rest, <<" ">>, [global]),
    Ticks = fun(Index) -> binary_to_integer(lists:nth(Index, Fields)) end,
    (Ticks(12) + Ticks(13)) / 100.

resident_bytes() ->
    {ok, Statm} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = binary:split(Statm, <<" ">>, [global]),
    binary_to_integer(Pages) * 4096.

start(anywhere, Body) -> spawn(Body);
start(Scheduler, Body) -> spawn_opt(Body, [{scheduler, Scheduler}]).

here() -> erlang:system_info(scheduler_id).

%% The schedulers of the two ends; the benches across schedulers check them at the end.
ends(across) -> 2 = erlang:system_info(schedulers_online), {1, 2};
ends(local) -> {anywhere, anywhere}.

check_ends(_, {anywhere, anywhere}) -> ok;
check_ends(Ends, Ends) -> ok.

lcg(State) -> (State * 1309 + 13849) band 65535.

busy(0, State) -> State;
busy(Steps, State) -> busy(Steps - 1, lcg(State)).

work(Theta) ->
    Sine = math:sin(Theta),
    case Sine * Sine of
        Square when Square > 0 -> ok
    end.

%% Not a literal, so that nothing of the work is done at compile time.
theta() -> binary_to_float(<<"37.2">>).

%% ------------------------------------------------------------------------------------------------ the benches' drivers

run(pingpong, N, _) -> pingpong(N, ends(local));
run(xpingpong, N, _) -> pingpong(N, ends(across));
run(counting, N, Options) -> counting(N, maps:get(window, Options, 0), ends(local));
run(xoneway, N, Options) -> counting(N, maps:get(window, Options, 0), ends(across));
run(fjthrput, N, _) ->
    Driver = self(), Actors = 60, Theta = theta(),
    {Time, Sum} = timed(fun() ->
        Workers = [spawn(fun() -> throughput_worker(Driver, N, 0) end) || _ <- lists:seq(1, Actors)],
        deal(N, Workers, {work, Theta}),
        lists:sum([receive {done, Count} -> Count end || _ <- Workers])
    end),
    Sum = Actors * N,
    {Sum, Time, [{actors, Actors}]};
run(fjcreate, N, _) ->
    Driver = self(), Theta = theta(),
    {Time, Count} = timed(fun() ->
        Sink = spawn(fun() -> create_sink(Driver, N, 0) end),
        create(N, Sink, {work, Theta}),
        receive {ended, Ended} -> Ended end
    end),
    Count = N,
    {N, Time, []};
run(threadring, N, _) ->
    Driver = self(), Actors = 100,
    {Time, Seen} = timed(fun() ->
        [First | Others] = Links = [spawn(fun() -> ring_link(Driver) end) || _ <- lists:seq(1, Actors)],
        lists:foreach(fun({Link, Next}) -> Link ! {next, Next} end, lists:zip(Links, Others ++ [First])),
        First ! {token, N},
        receive {seen, Sum} -> Sum end
    end),
    Seen = N + 1,
    {N, Time, [{actors, Actors}]};
run(big, N, _) ->
    Driver = self(), Actors = 120,
    {Time, Totals} = timed(fun() ->
        Sink = spawn(fun() -> big_sink(Driver, Actors) end),
        Pids = [spawn(fun() -> neighbor(Sink, Id, N) end) || Id <- lists:seq(0, Actors - 1)],
        All = list_to_tuple(Pids),
        Sink ! {neighbors, All},
        [Pid ! {neighbors, All} || Pid <- Pids],
        [Pid ! {pong, -1} || Pid <- Pids],
        receive {totals, Pings, Pongs} -> {Pings, Pongs} end
    end),
    Totals = {Actors * N, Actors * N},
    {Actors * N, Time, [{actors, Actors}]};
run(uct, N, _) ->
    Driver = self(),
    {Time, {Size, Visited, Gone, Height}} = timed(fun() ->
        spawn(fun() -> tree_root(Driver, N) end) ! generate,
        receive {tree, Tree} -> Tree end
    end),
    true = Visited =:= Size - 1 andalso Gone =:= Size - 1,
    true = Size =< N andalso Size > N - 10,
    {Size, Time, [{height, Height}]};
run(nqueens, N, Options) ->
    Driver = self(), Workers = maps:get(workers, Options, 2), Threshold = maps:get(threshold, Options, 4),
    {Time, {Solutions, Tasks}} = timed(fun() ->
        spawn(fun() -> queens_master(Driver, Workers, N, Threshold) end),
        receive {queens, Found, Dealt} -> {Found, Dealt} end
    end),
    Solutions = element(N, {1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596}),
    {Solutions, Time, [{size, N}, {tasks, Tasks}]};
run(trapezoid, N, _) ->
    Driver = self(), Workers = 100,
    {Time, Area} = timed(fun() ->
        spawn(fun() -> area_master(Driver, Workers) end) ! {work, N, 1.0, 5.0},
        receive {area, Sum} -> Sum end
    end),
    true = abs(Area - 0.2710807519530776) < 1.0e-6,
    {N, Time, [{workers, Workers}]};
run(skynet, N, _) ->
    Driver = self(),
    {Time, Sum} = timed(fun() ->
        spawn(fun() -> sky(Driver, 0, N) end),
        receive {sum, Value} -> Value end
    end),
    Sum = N * (N - 1) div 2,
    {N, Time, []};
run(parked, N, _) ->
    Driver = self(),
    erlang:garbage_collect(),
    Before = resident_bytes(),
    {Time, Sleepers} = timed(fun() -> park(N, []) end),
    timer:sleep(1000),
    After = resident_bytes(),
    {WakeTime, ok} = timed(fun() ->
        lists:foreach(fun(Sleeper) -> Sleeper ! {wake, Driver} end, Sleepers),
        collect_awake(N)
    end),
    {N, Time, [{bytes_each_rss, (After - Before) / N}, {wake_seconds, WakeTime / 1.0e9}, {wake_per_s, N * 1.0e9 / WakeTime}]};
run(restart, N, Options) ->
    Children = maps:get(children, Options, 10),
    ok = logger:set_primary_config(level, none),
    Starts = atomics:new(1, []),
    Driver = self(),
    {Nanoseconds, Supervisor} = timed(fun() ->
        {ok, Pid} = supervisor:start_link(?MODULE, {Starts, {Driver, N, Children}}),
        [{ok, _} = supervisor:start_child(Pid, []) || _ <- lists:seq(1, Children)],
        receive all_restarted -> ok end,
        Children = proplists:get_value(active, supervisor:count_children(Pid)),
        Pid
    end),
    N = atomics:get(Starts, 1) - Children,
    unlink(Supervisor),
    exit(Supervisor, kill),
    {N, Nanoseconds, [{children, Children}]};

run(timers, N, _) ->
    Driver = self(),
    Start = erlang:monotonic_time(nanosecond),
    Sink = spawn(fun() -> late_sink(Driver, N, []) end),
    start_sleepers(N, 1, Sink),
    Spawned = erlang:monotonic_time(nanosecond),
    All = receive {all_late, List} -> List end,
    End = erlang:monotonic_time(nanosecond),
    N = length(All),
    Sorted = list_to_tuple(lists:sort(All)),
    true = element(1, Sorted) >= 0,
    Quantile = fun(Percent) -> element(max(1, N * Percent div 100), Sorted) end,
    {N, End - Start, [{late_us_p50, Quantile(50)}, {late_us_p99, Quantile(99)}, {late_us_max, Quantile(100)},
                      {spawn_seconds, (Spawned - Start) / 1.0e9}]}.

%% ------------------------------------------------------------------------------------------------ pingpong, xpingpong

pingpong(N, {Near, Far} = Ends) ->
    Driver = self(),
    {Time, {Pongs, Pings, Where}} = timed(fun() ->
        Peer = start(Far, fun() -> pong(0) end),
        start(Near, fun() ->
            receive start -> ok end,
            Peer ! {ping, self()},
            ping(Driver, Peer, N - 1, 0)
        end) ! start,
        receive {counts, A, B, Schedulers} -> {A, B, Schedulers} end
    end),
    {N, N} = {Pongs, Pings},
    ok = check_ends(Where, Ends),
    {N, Time, []}.

ping(Driver, Peer, Left, Pongs) ->
    receive
        {pong, _} when Left > 0 ->
            Peer ! {ping, self()},
            ping(Driver, Peer, Left - 1, Pongs + 1);
        {pong, _} ->
            Peer ! {stop, self()},
            ping(Driver, Peer, Left, Pongs + 1);
        {count, Pings, There} ->
            Driver ! {counts, Pongs, Pings, {here(), There}}
    end.

pong(Count) ->
    receive
        {ping, From} -> From ! {pong, self()}, pong(Count + 1);
        {stop, From} -> From ! {count, Count, here()}
    end.

%% ------------------------------------------------------------------------------------------------ counting, xoneway

counting(N, Window, {Near, Far} = Ends) ->
    Driver = self(),
    {Time, {Count, Where}} = timed(fun() ->
        Counter = start(Far, fun() -> counter(0) end),
        start(Near, fun() -> receive {inc} -> produce(Driver, Counter, N, Window) end end) ! {inc},
        receive {counted, Sum, Schedulers} -> {Sum, Schedulers} end
    end),
    Count = N,
    ok = check_ends(Where, Ends),
    {N, Time, []}.

produce(Driver, Counter, N, Window) ->
    case Window of
        0 ->
            flood(N, Counter);
        _ ->
            Counter ! {credits_to, self(), Window div 2},
            flood_by_credit(N, Counter, Window, Window div 2)
    end,
    Counter ! {get, self()},
    await_count(Driver).

await_count(Driver) ->
    receive
        credit -> await_count(Driver);
        {count, Count, There} -> Driver ! {counted, Count, {here(), There}}
    end.

flood(0, _) -> ok;
flood(N, Counter) -> Counter ! {inc}, flood(N - 1, Counter).

flood_by_credit(0, _, _, _) -> ok;
flood_by_credit(N, Counter, 0, Batch) -> receive credit -> flood_by_credit(N, Counter, Batch, Batch) end;
flood_by_credit(N, Counter, Credit, Batch) -> Counter ! {inc}, flood_by_credit(N - 1, Counter, Credit - 1, Batch).

counter(Count) ->
    receive
        {inc} -> counter(Count + 1);
        {credits_to, From, Batch} -> credit_counter(Count, From, Batch, Batch);
        {get, From} -> From ! {count, Count, here()}
    end.

credit_counter(Count, From, 0, Batch) ->
    From ! credit,
    credit_counter(Count, From, Batch, Batch);
credit_counter(Count, From, Left, Batch) ->
    receive
        {inc} -> credit_counter(Count + 1, From, Left - 1, Batch);
        {get, Asker} -> Asker ! {count, Count, here()}
    end.

%% ------------------------------------------------------------------------------------------------ fjthrput, fjcreate

throughput_worker(Driver, N, N) -> Driver ! {done, N};
throughput_worker(Driver, N, Count) ->
    receive {work, Theta} -> work(Theta), throughput_worker(Driver, N, Count + 1) end.

deal(0, _, _) -> ok;
deal(Rounds, Workers, Message) ->
    deal_round(Workers, Message),
    deal(Rounds - 1, Workers, Message).

deal_round([], _) -> ok;
deal_round([Worker | Others], Message) -> Worker ! Message, deal_round(Others, Message).

create(0, _, _) -> ok;
create(N, Sink, Message) ->
    spawn(fun() -> receive {work, Theta} -> work(Theta), Sink ! done end end) ! Message,
    create(N - 1, Sink, Message).

create_sink(Driver, N, N) -> Driver ! {ended, N};
create_sink(Driver, N, Count) -> receive done -> create_sink(Driver, N, Count + 1) end.

%% ------------------------------------------------------------------------------------------------ threadring

ring_link(Driver) -> receive {next, Next} -> ring_link(Driver, Next, 0) end.

ring_link(Driver, Next, Seen) ->
    Self = self(),
    receive
        {token, 0} -> Next ! {exit, Self, 0}, ring_link(Driver, Next, Seen + 1);
        {token, Left} -> Next ! {token, Left - 1}, ring_link(Driver, Next, Seen + 1);
        {exit, Self, Sum} -> Driver ! {seen, Sum + Seen};
        {exit, Origin, Sum} -> Next ! {exit, Origin, Sum + Seen}
    end.

%% ------------------------------------------------------------------------------------------------ big

neighbor(Sink, Id, Limit) ->
    receive {neighbors, All} -> neighbor(Sink, All, Id, Limit, Id, -1, 0, 0, 0) end.

neighbor(Sink, All, Id, Limit, Random, Expected, Sent, Pings, Pongs) ->
    receive
        {ping, From} ->
            element(From + 1, All) ! {pong, Id},
            neighbor(Sink, All, Id, Limit, Random, Expected, Sent, Pings + 1, Pongs);
        {pong, Expected} when Sent < Limit ->
            Drawn = lcg(Random),
            Target = Drawn rem tuple_size(All),
            element(Target + 1, All) ! {ping, Id},
            neighbor(Sink, All, Id, Limit, Drawn, Target, Sent + 1, Pings, Pongs + 1);
        {pong, Expected} ->
            Sink ! done,
            neighbor(Sink, All, Id, Limit, Random, Expected, Sent, Pings, Pongs + 1);
        exit ->
            %% The first pong was the start.
            Sink ! {stats, Pings, Pongs - 1};
        Other ->
            error({unexpected, Other})
    end.

big_sink(Driver, Actors) ->
    Pids = receive {neighbors, All} -> tuple_to_list(All) end,
    repeat(Actors, fun() -> receive done -> ok end end),
    lists:foreach(fun(Pid) -> Pid ! exit end, Pids),
    Stats = [receive {stats, Pings, Pongs} -> {Pings, Pongs} end || _ <- Pids],
    {AllPings, AllPongs} = lists:unzip(Stats),
    Driver ! {totals, lists:sum(AllPings), lists:sum(AllPongs)}.

repeat(0, _) -> ok;
repeat(Times, Action) -> Action(), repeat(Times - 1, Action).

%% ------------------------------------------------------------------------------------------------ uct

-record(tree, {driver, limit, children, random, size = 11, height = 2}).

draw_computation(Random) -> draw_computation(4, Random, 300).
draw_computation(0, Random, Sum) -> {Sum, Random};
draw_computation(Left, Random, Sum) ->
    Drawn = lcg(Random),
    draw_computation(Left - 1, Drawn, Sum + Drawn rem 101).

draw_urgent(Random) ->
    case lcg(Random) of
        Drawn when Drawn rem 100 > 50 -> {-1, Drawn};
        Drawn -> Again = lcg(Drawn), {Again rem 10, Again}
    end.

tree_root(Driver, Limit) ->
    receive generate -> ok end,
    {Computation, Random} = draw_computation(2),
    Children = spawn_nodes(self(), self(), 2, Computation, -1),
    grow(10, #tree{driver = Driver, limit = Limit, children = Children, random = Random}).

%% The first argument counts the requests that are not answered yet.
grow(0, #tree{driver = Driver, children = Children, size = Size, height = Height}) ->
    [Child ! traverse || Child <- Children],
    Visited = count_messages(visited, Size - 1, 0),
    [Child ! terminate || Child <- Children],
    Gone = count_messages(gone, Size - 1, 0),
    Driver ! {tree, {Size, Visited, Gone, Height}};
grow(Open, #tree{limit = Limit, size = Size, height = Height} = Tree) ->
    receive
        grant ->
            grow(Open, Tree);
        {should, Node, NodeHeight} ->
            Drawn = lcg(Tree#tree.random),
            Chosen = Open =:= 1 orelse (Drawn bsr 8) band 1 =:= 1,
            if
                Chosen, Size + 10 =< Limit ->
                    {Computation, Random} = draw_computation(Drawn),
                    {Urgent, Last} = draw_urgent(Random),
                    Node ! {children, Computation, Urgent},
                    grow(Open + 9, Tree#tree{random = Last, size = Size + 10, height = max(Height, NodeHeight + 1)});
                true ->
                    Node ! leaf,
                    grow(Open - 1, Tree#tree{random = Drawn, height = max(Height, NodeHeight)})
            end
    end.

count_messages(_, Wanted, Wanted) -> Wanted;
count_messages(Message, Wanted, Count) ->
    receive
        Message -> count_messages(Message, Wanted, Count + 1);
        grant -> count_messages(Message, Wanted, Count)
    end.

spawn_nodes(Root, Parent, Height, Computation, Urgent) ->
    [spawn(fun() -> new_node(Root, Parent, Height, Computation, Index, Index =:= Urgent) end) || Index <- lists:seq(0, 9)].

new_node(Root, Parent, Height, Computation, Index, IsUrgent) ->
    _ = busy(100, Index),
    Root ! {should, self(), Height},
    tree_node(Root, Parent, Height, Computation, IsUrgent, []).

tree_node(Root, Parent, Height, Computation, IsUrgent, Children) ->
    receive
        {children, ChildComputation, ChildUrgent} ->
            Parent ! grant,
            New = spawn_nodes(Root, self(), Height + 1, ChildComputation, ChildUrgent),
            tree_node(Root, Parent, Height, Computation, IsUrgent, New);
        traverse ->
            _ = busy(Computation, Computation),
            [Child ! traverse || Child <- Children],
            Root ! visited,
            tree_node(Root, Parent, Height, Computation, IsUrgent, Children);
        terminate ->
            [Child ! terminate || Child <- Children],
            Root ! gone;
        _LeafOrGrant ->
            tree_node(Root, Parent, Height, Computation, IsUrgent, Children)
    end.

%% ------------------------------------------------------------------------------------------------ nqueens

queens_master(Driver, WorkerCount, N, Threshold) ->
    Master = self(),
    Workers = [spawn(fun() -> queens_worker(Master, N, Threshold) end) || _ <- lists:seq(1, WorkerCount)],
    All = list_to_tuple(Workers),
    element(1, All) ! {work, [], 0},
    {Solutions, Tasks} = queens_deal(All, 1, 0, 0),
    [Worker ! stop || Worker <- Workers],
    [receive stopped -> ok end || _ <- Workers],
    Driver ! {queens, Solutions, Tasks}.

%% The worker of a task follows from its number.
queens_deal(_, Tasks, Tasks, Solutions) -> {Solutions, Tasks};
queens_deal(Workers, Tasks, Done, Solutions) ->
    receive
        {work, _, _} = Work ->
            element(Tasks rem tuple_size(Workers) + 1, Workers) ! Work,
            queens_deal(Workers, Tasks + 1, Done, Solutions);
        result -> queens_deal(Workers, Tasks, Done, Solutions + 1);
        done -> queens_deal(Workers, Tasks, Done + 1, Solutions)
    end.

queens_worker(Master, N, Threshold) ->
    receive
        stop ->
            Master ! stopped;
        {work, Board, Depth} ->
            if
                Depth < Threshold ->
                    [Master ! {work, [Column | Board], Depth + 1} || Column <- lists:seq(0, N - 1), is_safe(Column, 1, Board)];
                true ->
                    search(Master, N, Board, Depth)
            end,
            Master ! done,
            queens_worker(Master, N, Threshold)
    end.

search(Master, N, _, N) -> Master ! result;
search(Master, N, Board, Depth) -> search_columns(Master, N, Board, Depth, N - 1).

search_columns(_, _, _, _, -1) -> ok;
search_columns(Master, N, Board, Depth, Column) ->
    case is_safe(Column, 1, Board) of
        true -> search(Master, N, [Column | Board], Depth + 1);
        false -> ok
    end,
    search_columns(Master, N, Board, Depth, Column - 1).

is_safe(_, _, []) -> true;
is_safe(Column, Away, [Other | _]) when Other =:= Column; Other =:= Column - Away; Other =:= Column + Away -> false;
is_safe(Column, Away, [_ | Board]) -> is_safe(Column, Away + 1, Board).

%% ------------------------------------------------------------------------------------------------ trapezoid

area_master(Driver, Count) ->
    Master = self(),
    Workers = [spawn(fun() -> area_worker(Master) end) || _ <- lists:seq(1, Count)],
    receive
        {work, Pieces, Left, Right} ->
            Width = (Right - Left) / Pieces,
            Bounds = fun(Index) -> Index * Pieces div Count end,
            [Worker ! {work, Bounds(Index), Bounds(Index + 1), Left, Width}
             || {Index, Worker} <- lists:zip(lists:seq(0, Count - 1), Workers)]
    end,
    Driver ! {area, lists:sum([receive {result, Area} -> Area end || _ <- Workers])}.

area_worker(Master) ->
    receive {work, From, To, Left, Width} -> Master ! {result, area(From, To, Left, Width, 0.0)} end.

area(To, To, _, _, Sum) -> Sum;
area(Index, To, Left, Width, Sum) ->
    X = Index * Width + Left,
    area(Index + 1, To, Left, Width, Sum + 0.5 * (curve(X) + curve(X + Width)) * Width).

curve(X) -> math:sin(math:pow(X, 3) - 1) / (X + 1) * math:sqrt(1 + math:exp(math:sqrt(2 * X))).

%% ------------------------------------------------------------------------------------------------ skynet

sky(Parent, Ordinal, 1) -> Parent ! {sum, Ordinal};
sky(Parent, Ordinal, Size) ->
    Self = self(), Part = Size div 10,
    sky_children(Self, Ordinal, Part, 10),
    Parent ! {sum, sky_sum(10, 0)}.

sky_children(_, _, _, 0) -> ok;
sky_children(Self, Ordinal, Part, Left) ->
    spawn(fun() -> sky(Self, Ordinal, Part) end),
    sky_children(Self, Ordinal + Part, Part, Left - 1).

sky_sum(0, Sum) -> Sum;
sky_sum(Left, Sum) -> receive {sum, Value} -> sky_sum(Left - 1, Sum + Value) end.

%% ------------------------------------------------------------------------------------------------ parked, timers

park(0, Sleepers) -> Sleepers;
park(N, Sleepers) -> park(N - 1, [spawn(fun() -> receive {wake, From} -> From ! awake end end) | Sleepers]).

collect_awake(0) -> ok;
collect_awake(N) -> receive awake -> collect_awake(N - 1) end.

start_sleepers(0, _, _) -> ok;
start_sleepers(N, Random, Sink) ->
    Drawn = lcg(Random),
    Delay = 1 + Drawn rem 1000,
    spawn(fun() ->
        Start = erlang:monotonic_time(microsecond),
        receive after Delay -> ok end,
        Sink ! {late, erlang:monotonic_time(microsecond) - Start - Delay * 1000}
    end),
    start_sleepers(N - 1, Drawn, Sink).

late_sink(Driver, 0, All) -> Driver ! {all_late, All};
late_sink(Driver, N, All) -> receive {late, Micros} -> late_sink(Driver, N - 1, [Micros | All]) end.

%% ------------------------------------------------------------------------------------------------ restart

init(What) ->
    Child = #{id => crashing, start => {?MODULE, start_crashing, tuple_to_list(What)}, restart => permanent,
              shutdown => brutal_kill},
    {ok, {#{strategy => simple_one_for_one, intensity => 1000000000, period => 1}, [Child]}}.

start_crashing(Starts, {Driver, N, Children}) ->
    {ok, spawn_link(fun() ->
        case atomics:add_get(Starts, 1, 1) of
            Start when Start =< N -> exit(boom);
            Start when Start =:= N + Children -> Driver ! all_restarted, receive stop -> ok end;
            _ -> receive stop -> ok end
        end
    end)}.
