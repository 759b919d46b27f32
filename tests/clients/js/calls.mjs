// The calls that most checks make.

import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";

import { s3 } from "./harness.mjs";

export const put = (Bucket, Key, Body, more) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
export const get = (Bucket, Key, more) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
export const head = (Bucket, Key, more) => s3.send(new HeadObjectCommand({ Bucket, Key, ...more }));
export const bytes = async (answer) => answer.Body.transformToByteArray();
export const text = async (answer) => answer.Body.transformToString();
