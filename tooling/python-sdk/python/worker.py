"""Does with the OpenAI Agents SDK for Python what it is told, a JSON request a line, and answers a JSON line each."""

import asyncio
import json
import sys
from typing import Any

from agents import Agent, Model, ModelResponse, Runner, SQLiteSession, Usage, function_tool, set_tracing_disabled
from agents.extensions.memory import EncryptedSession, SQLAlchemySession
from openai.types.responses import ResponseOutputItem
from openai.types.responses.response_input_item_param import ResponseInputItemParam
from pydantic import ConfigDict, TypeAdapter

set_tracing_disabled(True)

OUTPUT_ITEM: TypeAdapter[Any] = TypeAdapter(ResponseOutputItem)
INPUT_ITEM: TypeAdapter[Any] = TypeAdapter(ResponseInputItemParam, config=ConfigDict(extra="forbid"))


class ScriptedModel(Model):
    """Answers with the given output items, one list a call, and keeps what it was handed."""

    def __init__(self, outputs: list[list[Any]]) -> None:
        self.outputs = outputs
        self.inputs: list[Any] = []

    async def get_response(self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any) -> ModelResponse:
        self.inputs.append(json.loads(json.dumps(input, default=str)))
        output = [OUTPUT_ITEM.validate_python(item) for item in self.outputs.pop(0)]
        return ModelResponse(output=output, usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


class Sessions:
    """The sessions that were opened, by the names that the caller gave them."""

    def __init__(self) -> None:
        self.sessions: dict[str, Any] = {}
        self.engines: dict[str, Any] = {}

    def open(
        self,
        name: str,
        session_id: str,
        url: str | None = None,
        path: str | None = None,
        key: str | None = None,
        ttl: int = 600,
        create_tables: bool = True,
        sessions_table: str = "agent_sessions",
        messages_table: str = "agent_messages",
    ) -> None:
        session: Any
        if path is not None:
            session = SQLiteSession(session_id, path, sessions_table, messages_table)
        else:
            session = SQLAlchemySession.from_url(
                session_id,
                url=url or "",
                create_tables=create_tables,
                sessions_table=sessions_table,
                messages_table=messages_table,
            )
            self.engines[name] = session.engine
        if key is not None:
            session = EncryptedSession(session_id, session, encryption_key=key, ttl=ttl)
        self.sessions[name] = session

    async def add(self, name: str, items: list[Any]) -> None:
        await self.sessions[name].add_items(items)

    async def get(self, name: str, limit: int | None = None) -> Any:
        return await self.sessions[name].get_items(limit)

    async def pop(self, name: str) -> Any:
        return await self.sessions[name].pop_item()

    async def clear(self, name: str) -> None:
        await self.sessions[name].clear_session()

    async def run(self, name: str, input: Any, outputs: list[list[Any]]) -> Any:
        model = ScriptedModel(outputs)
        agent = Agent(name="Assistant", model=model, tools=[get_weather])
        result = await Runner.run(agent, input, session=self.sessions[name])
        return {"output": result.final_output, "inputs": model.inputs}

    async def close(self, name: str) -> None:
        session = self.sessions.pop(name)
        if name in self.engines:
            await self.engines.pop(name).dispose()
        elif hasattr(session, "close"):
            session.close()


def validate(items: list[Any]) -> list[str | None]:
    """What the SDK's own types say of each item: nothing, or the reason why it is none."""
    return [reason(item) for item in items]


def reason(item: Any) -> str | None:
    given = {key: value for key, value in item.items() if key != "provider_data"}
    try:
        exhaust(INPUT_ITEM.validate_python(given))
    except Exception as error:
        return str(error)
    return None


def exhaust(checked: Any) -> None:
    """Iterates over everything: pydantic checks the elements of an `Iterable` only then."""
    if isinstance(checked, dict):
        checked = checked.values()
    elif isinstance(checked, (str, bytes)) or not hasattr(checked, "__iter__"):
        return
    for element in checked:
        exhaust(element)


def cipher(key: str, session_id: str) -> Any:
    """What EncryptedSession encrypts with."""
    return EncryptedSession(session_id, SQLiteSession(session_id), encryption_key=key).cipher


def decrypt(key: str, session_id: str, tokens: list[str]) -> list[str]:
    fernet = cipher(key, session_id)
    return [fernet.decrypt(token.encode()).decode() for token in tokens]


def encrypt(key: str, session_id: str, texts: list[str]) -> list[str]:
    fernet = cipher(key, session_id)
    return [fernet.encrypt(text.encode()).decode() for text in texts]


async def main() -> None:
    sessions = Sessions()
    pure = {"validate": validate, "decrypt": decrypt, "encrypt": encrypt}
    loop = asyncio.get_running_loop()
    answers = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answers.append(asyncio.create_task(answer(sessions, pure, json.loads(line))))
    await asyncio.gather(*answers)


async def answer(sessions: Sessions, pure: dict[str, Any], request: dict[str, Any]) -> None:
    number = request["number"]
    try:
        call = pure.get(request["call"]) or getattr(sessions, request["call"])
        result = call(**request["args"])
        if asyncio.iscoroutine(result):
            result = await result
        reply = {"number": number, "result": result}
    except Exception as error:
        reply = {"number": number, "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply, default=str), flush=True)


asyncio.run(main())
