#!/usr/bin/env escript
%% Owns a server: starts it as a port, waits until its engine is ready, chats, and closes the port. The server notices,
%% finishes the requests in flight and ends, its engine with it. The same happens when this program crashes or is killed.
%%
%% escript inference_port.escript http://127.0.0.1:8080 'deterministic-inference-server --backend embedded'

main([Url, Command]) ->
    {ok, _} = application:ensure_all_started(inets),
    %% Log lines are shown byte for byte.
    ok = io:setopts([{encoding, latin1}]),
    Port = open_port({spawn, Command}, [stream, exit_status, {line, 1024}]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    await_ready(Port, Url),
    io:format("answer: ~s~n", [chat(Url, "What is the capital of France?")]),
    %% A server that runs: show its log until Enter is pressed.
    Owner = self(),
    spawn_link(fun() -> io:get_line(""), Owner ! continue end),
    show_log(Port),
    %% This is all that it takes. Of a closed port no exit status comes, so ask the system.
    true = port_close(Port),
    await_end(Pid),
    io:format("The server has ended.~n").

%% httpc heeds the Retry-After of a 503 by itself.
await_ready(Port, Url) ->
    case httpc:request(get, {Url ++ "/health", []}, [{timeout, 5000}], []) of
        {ok, {{_, 200, _}, _, _}} -> ok;
        _NotYet ->
            erlang:send_after(200, self(), continue),
            show_log(Port),
            await_ready(Port, Url)
    end.

chat(Url, Question) ->
    Body = "{\"messages\":[{\"role\":\"user\",\"content\":\"" ++ Question ++ "\"}],\"max_tokens\":40}",
    {ok, {{_, 200, _}, _, Answer}} = httpc:request(post, {Url ++ "/v1/chat/completions", [], "application/json", Body}, [], []),
    Answer.

%% Whoever owns a port must take its messages, or they pile up.
show_log(Port) ->
    receive
        continue -> ok;
        {Port, {data, {_EolOrPart, Line}}} -> io:put_chars([Line, $\n]), show_log(Port);
        {Port, {exit_status, Status}} -> io:format("The server ended with code ~b.~n", [Status]), halt(1)
    end.

await_end(Pid) ->
    case os:cmd(io_lib:format("kill -0 ~b 2>/dev/null && echo running", [Pid])) of
        "" -> ok;
        _ -> timer:sleep(100), await_end(Pid)
    end.
