"""The worker in Python: FastAPI, the OpenAI Agents SDK, and a session in the database that both workers share.

By hand: SQLALCHEMY_URL=sqlite+aiosqlite:///shared.db uvicorn worker:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents import Agent, Runner, function_tool, set_tracing_disabled
from agents.extensions.memory import EncryptedSession, SQLAlchemySession
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import create_async_engine
from stand_in import StandIn

set_tracing_disabled(True)  # the conversation goes into the database, and nowhere else

# one engine for all requests: SQLAlchemySession.from_url would make one, with its pool, for each
engine = create_async_engine(os.environ["SQLALCHEMY_URL"])
key = os.environ.get("SESSIONS_KEY")

TEN_YEARS = 10 * 365 * 24 * 3600  # without a ttl, Python no longer sees what is older than ten minutes


def session_of(conversation: str) -> Any:
    # the Node worker makes the tables, because Python cannot on MySQL
    session = SQLAlchemySession(conversation, engine=engine, create_tables=False)
    return EncryptedSession(conversation, session, encryption_key=key, ttl=TEN_YEARS) if key else session


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}, says Python."


agent = Agent(name="Assistant", model=StandIn(), tools=[get_weather])


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


class Message(BaseModel):
    text: str


@app.post("/conversations/{conversation}")
async def answer(conversation: str, message: Message) -> dict[str, str]:
    result = await Runner.run(agent, message.text, session=session_of(conversation))
    return {"answer": result.final_output}


@app.get("/conversations/{conversation}")
async def items(conversation: str) -> list[Any]:
    return await session_of(conversation).get_items()
