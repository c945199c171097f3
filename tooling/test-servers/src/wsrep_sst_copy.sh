#!/bin/sh
# Copies the data folder of one node to that of another on the same machine, while the first takes no writes. What the server and a
# script say to each other: wsrep_sst_rsync of MariaDB 11.8.
set -e
here=$(dirname "$0")
bypass=
while [ $# -gt 0 ]; do
  case $1 in
    --role) role=$2 ;;
    --address) address=${2%%/*} ;;
    --datadir) data=${2%/} ;;
    --gtid) position=$2 ;;
    --bypass) bypass=1 ;;
  esac
  shift
done
# how the two meet
meeting=$here/$(echo "$address" | tr : -)
if [ "$role" = joiner ]; then
  rm -f "$meeting.position"
  echo "$data" >"$meeting.data"
  echo "ready $address/copy"
  until [ -s "$meeting.position" ]; do sleep 0.1; done
  cat "$meeting.position"
  exit
fi
if [ -z "$bypass" ]; then
  rm -f "$data/tables_flushed"
  echo 'flush tables'
  until [ -s "$data/tables_flushed" ]; do sleep 0.1; done
  position=$(cat "$data/tables_flushed")
  rm "$data/tables_flushed"
  target=$(cat "$meeting.data")
  for file in "$target"/*; do
    case $file in */galera.cache | */grastate.dat | */gvwstate.dat) ;; *) rm -rf "$file" ;; esac
  done
  for file in "$data"/*; do
    case $file in */galera.cache | */grastate.dat | */gvwstate.dat) ;; *) cp -a "$file" "$target" ;; esac
  done
fi
echo continue
echo "$position" >"$meeting.part"
mv "$meeting.part" "$meeting.position"
echo "done $position"
