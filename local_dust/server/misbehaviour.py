"""Sends faults over the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import zlib

from aiohttp import web

from local_dust.control.faults import Fault
from local_dust.response import HTML, JSON, Answer, DustError, encode

_PIECE = 64 * 1024
_RESET = struct.pack("ii", 1, 0)
_PAGE = """<!DOCTYPE html>
<html><head><title>{status}</title></head>
<body><center><h1>{status}</h1></center><hr><center>cloudflare</center>{filler}</body></html>
"""


async def misbehave(sent: web.BaseRequest, fault: Fault) -> web.StreamResponse:
    """Send a wrong answer, or none."""
    if fault.kind == "reset":
        return reset(sent)
    if fault.kind == "huge":
        return await _huge(sent, fault)
    return _short(sent, fault)


async def right_answer_misbehaviour(sent: web.BaseRequest, answer: Answer, fault: Fault) -> web.StreamResponse:
    """Send the right answer byte by byte, with slow headers, cut off, or altered."""
    if fault.kind == "altered":
        return _altered(answer, fault)
    if fault.kind == "slow_headers":
        return await _slow_headers(sent, answer, fault)
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type or JSON})
    response.content_length = len(answer.body)
    await response.prepare(sent)
    if fault.kind == "slow_loris":
        for position in range(len(answer.body)):
            await response.write(answer.body[position : position + 1])
            await asyncio.sleep(fault.seconds)
        await response.write_eof()
    else:
        await response.write(answer.body[: len(answer.body) // 2])
        if sent.transport is not None:
            sent.transport.close()
    return response


async def _slow_headers(sent: web.BaseRequest, answer: Answer, fault: Fault) -> web.Response:
    head = f"HTTP/1.1 {answer.status} Trickling\r\nContent-Type: {answer.content_type or JSON}\r\n"
    head += f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
    for byte in head.encode():
        if sent.transport is None:  # no one waits any longer
            break
        sent.transport.write(bytes([byte]))
        await asyncio.sleep(fault.seconds)
    if sent.transport is not None:
        sent.transport.write(answer.body)
        sent.transport.close()
    return web.Response(status=answer.status)


def _altered(answer: Answer, fault: Fault) -> web.Response:
    content = json.loads(answer.body or b"null")
    *steps, last = [int(step) if step.isdigit() else step for step in fault.field.split(".")]
    part = content
    for step in steps:
        part = part[step]
    if fault.value is None:
        del part[last]
    else:
        part[last] = fault.value
    return web.Response(status=answer.status, body=encode(content), headers={"Content-Type": JSON})


def reset(sent: web.BaseRequest) -> web.Response:
    """Reset the connection instead of answering."""
    if sent.transport is not None:
        connection = sent.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        sent.transport.abort()
    return web.Response(status=500)


def _short(sent: web.BaseRequest, fault: Fault) -> web.Response:
    headers = dict(fault.headers)
    if fault.kind == "html":
        headers["Content-Type"] = HTML
        page = _PAGE.format(status=fault.status, filler="<!-- padding -->" * 40)
        return web.Response(status=fault.status, body=page.encode(), headers=headers)
    headers["Content-Type"] = JSON
    if fault.kind == "redirect":
        headers["Location"] = fault.location
        return web.Response(status=fault.shown_status, headers=headers)
    if fault.kind == "body":
        return web.Response(status=fault.status, body=fault.body.encode(), headers=headers)
    if fault.kind == "ok_error":
        error = {"error": {"type": fault.type, "message": fault.message}}
        return web.Response(status=200, body=encode(error), headers=headers)
    message = fault.message
    if fault.kind == "echo":
        message = "Refused: " + json.dumps(dict(sent.headers.items()))
    error_answer = DustError(fault.status, fault.type, message).answer
    return web.Response(status=fault.status, body=error_answer.body, headers=headers)


async def _huge(sent: web.BaseRequest, fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(status=200, headers={"Content-Type": JSON})
    packer = zlib.compressobj(1, zlib.DEFLATED, 31) if fault.gzip else None
    if packer is not None:
        response.headers["Content-Encoding"] = "gzip"
    await response.prepare(sent)
    left = fault.size
    for piece in _pieces(left):
        await response.write(packer.compress(piece) if packer is not None else piece)
    if packer is not None:
        await response.write(packer.flush())
    await response.write_eof()
    return response


def _pieces(size: int) -> list[bytes]:
    piece = b"x" * _PIECE
    return [b'{"document":"', *[piece] * (size // _PIECE), piece[: size % _PIECE], b'"}']
